/** Version of every file Plumbline writes. Raised when a reader of the old form would misread the new one. */
export const SCHEMA_VERSION = 1;
