import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { openWorkbench, type Workbench, type WorkbenchOptions } from './workbench';

/**
 * One workbench for all tests of a `describe`: opened before the first, closed after the last, photographed when a test fails.
 * The tests are steps of one story: after one that failed, the rest would only wait for what cannot come, so they are skipped.
 */
export function useWorkbench(options: WorkbenchOptions | (() => Promise<WorkbenchOptions>) = {}): () => Workbench {
  let workbench: Workbench | undefined;
  beforeAll(async () => {
    workbench = await openWorkbench(typeof options === 'function' ? await options() : options);
  });
  let failed: string | undefined;
  beforeEach(({ skip }) => { if (failed !== undefined) skip(`"${failed}" failed before it`); });
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return;
    failed = task.name;
    await workbench?.saveFailure(task.name);
  });
  afterAll(async () => { await workbench?.close(); });
  return () => {
    if (!workbench) throw new Error('The workbench is not open yet: use it inside a test.');
    return workbench;
  };
}
