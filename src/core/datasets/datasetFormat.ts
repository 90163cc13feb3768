/** The shapes of rows that can be read. `prompt-completion` includes prompt/response. */
export const DATASET_FORMATS = ['messages', 'sharegpt', 'alpaca', 'prompt-completion'] as const;
export type DatasetFormat = (typeof DATASET_FORMATS)[number];

/** How a format is called before people. */
export const FORMAT_TITLES: Readonly<Record<DatasetFormat, string>> = {
  messages: 'chat messages',
  sharegpt: 'ShareGPT',
  alpaca: 'Alpaca',
  'prompt-completion': 'prompt/completion',
};

export type RowObject = Readonly<Record<string, unknown>>;

/** Whether a row is an object, which it must be. */
export function isRowObject(row: unknown): row is RowObject {
  return typeof row === 'object' && row !== null && !Array.isArray(row);
}

/**
 * The format of a row, told by its columns alone, so that a row with a broken cell is still known for what it is.
 * A column that is null counts as absent: tables made of several sources are full of them.
 */
export function detectFormat(row: RowObject): DatasetFormat | null {
  const has = (column: string) => Object.hasOwn(row, column) && row[column] !== null;
  if (has('messages')) {
    return 'messages';
  }
  if (has('conversations')) {
    return 'sharegpt';
  }
  if (has('instruction')) {
    return 'alpaca';
  }
  return has('prompt') || has('completion') ? 'prompt-completion' : null;
}
