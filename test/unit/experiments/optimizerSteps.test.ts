import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { checkpointNames, optimizerSteps } from '../../../src/core/experiments/optimizerSteps';

const CASES = [1, 2, 3, 5, 10, 63, 64, 65, 451, 1007].flatMap((rows) => [0.01, 0.25, 0.5, 1, 1.5, 2.7, 3].flatMap((epochs) =>
  [[1, 1], [4, 1], [2, 3], [4, 4], [16, 1]].map(([batchSize, gradientAccumulation]) => ({ rows, epochs, batchSize: batchSize!, gradientAccumulation: gradientAccumulation! }))));

describe('the number of optimizer steps', () => {
  it('is the trainer\'s', async () => {
    const script = [
      'import json, sys', 'from plumbline_trainer.batch_plan import plan_batches',
      'for c in json.loads(sys.argv[1]):',
      '    plan = plan_batches({str(i): 1 for i in range(c["rows"])}, batch_size=c["batchSize"], accumulation=c["gradientAccumulation"], epochs=c["epochs"], seed=0)',
      '    print(len(plan.steps))',
    ].join('\n');
    const python = process.env['PLUMBLINE_PYTHON'] ?? 'python3';
    const { stdout } = await promisify(execFile)(python, ['-c', script, JSON.stringify(CASES)], { cwd: resolve('trainer') });
    const planned = stdout.trim().split('\n').map(Number);
    expect(CASES.map(({ rows, ...recipe }) => optimizerSteps(rows, recipe))).toEqual(planned);
  });
});

describe('checkpoints', () => {
  it('are evenly spaced, and the end is the last', () => {
    expect(checkpointNames(113, 4)).toEqual(['step-28', 'step-57', 'step-85', 'final']);
    expect(checkpointNames(100, 2)).toEqual(['step-50', 'final']);
  });

  it('of a run with fewer steps are fewer, and none stands for two', () => {
    expect(checkpointNames(3, 4)).toEqual(['step-1', 'step-2', 'final']);
    expect(checkpointNames(2, 10)).toEqual(['step-1', 'final']);
    expect(checkpointNames(1, 4)).toEqual(['final']);
  });
});
