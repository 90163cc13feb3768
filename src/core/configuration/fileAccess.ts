import { isFile, readTextFile } from '../datasets/fileBytes';

/** How checks look at other files. An editor answers with its unsaved texts, tests with made-up ones. */
export interface FileAccess {
  /** Whether there is a regular file at an absolute path. */
  isFile(path: string): Promise<boolean>;
  /** Its text. Throws a DatasetError where it cannot be read. */
  readText(path: string): Promise<string>;
}

/** The files on disk. */
export const filesOnDisk: FileAccess = { isFile, readText: readTextFile };
