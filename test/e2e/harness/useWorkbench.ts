import { afterAll, afterEach, beforeAll } from 'vitest';
import { openWorkbench, type Workbench, type WorkbenchOptions } from './workbench';

/** One workbench for all tests of a `describe`: opened before the first, closed after the last, photographed when a test fails. */
export function useWorkbench(options: WorkbenchOptions | (() => Promise<WorkbenchOptions>) = {}): () => Workbench {
  let workbench: Workbench | undefined;
  beforeAll(async () => {
    workbench = await openWorkbench(typeof options === 'function' ? await options() : options);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await workbench?.saveFailure(task.name);
  });
  afterAll(async () => { await workbench?.close(); });
  return () => {
    if (!workbench) throw new Error('The workbench is not open yet: use it inside a test.');
    return workbench;
  };
}
