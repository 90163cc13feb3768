import type { PythonReport } from '../core/environment/python';

/** Where a feature gets the interpreter that trains. */
export interface PythonSource {
  /** An interpreter that has all that the trainer needs; throws a UserError that says what to do where there is none. */
  require(signal?: AbortSignal): Promise<PythonReport>;
}
