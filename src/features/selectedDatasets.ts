import { extname } from 'node:path';

const DATASET_EXTENSIONS = ['.jsonl', '.json', '.csv'];

interface FileUri { readonly scheme: string; readonly fsPath: string }

/** The datasets that a command was called on: the Explorer passes the clicked file and the whole selection, the palette nothing. */
export function selectedDatasets(clicked: unknown, selection: unknown, active: string | undefined): string[] {
  const uris = Array.isArray(selection) && selection.length > 0 ? selection : [clicked];
  const files = uris.filter(isFileUri).map(({ fsPath }) => fsPath).filter(isDataset);
  if (files.length > 0) return [...new Set(files)];
  return clicked === undefined && active !== undefined && isDataset(active) ? [active] : [];
}

export function isDataset(file: string): boolean {
  return DATASET_EXTENSIONS.includes(extname(file).toLowerCase()) && !/\.(defense|experiment|judge|persona)\.json$/.test(file);
}

function isFileUri(value: unknown): value is FileUri {
  const uri = value as Partial<FileUri> | null | undefined;
  return uri?.scheme === 'file' && typeof uri.fsPath === 'string';
}
