import { join } from 'node:path';
import { LocalJudgeClient } from '../core/evaluation/judges/local/localJudgeClient';
import { readJson } from '../core/files/readJson';
import { Machine } from '../core/machine/machine';
import { Runtime } from '../core/machine/runtime';
import { LOCAL_JUDGE } from '../core/schema/judgeFile';
import { runSpec } from '../core/schema/run';
import { timestamp } from '../core/schema/time';
import { listDevices } from '../core/training/devices';
import { judgeRun } from '../core/training/judgeRun';
import { launchTrainer } from '../core/training/launchTrainer';
import { QueueRunner } from '../core/training/queueRunner';
import { startRunner } from '../core/training/runnerProcess';

/** The detached queue runner: outlives the window or terminal that started it, and ends when the queue is empty. */
async function main(): Promise<void> {
  const machine = await Machine.ofThisUser();
  const runtime = new Runtime(__dirname);
  const log = (message: string) => process.stdout.write(`${timestamp()} ${process.pid} ${message}\n`);
  const runner = new QueueRunner({
    machine,
    devices: await listDevices(),
    launch: launchTrainer,
    judge: (entry) => judgeLocally(entry.runFolder, runtime, log),
    log,
    runtimeFolder: runtime.folder,
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => runner.stop());
  const end = await runner.run();
  log(`ends: ${end.reason}`);
  if (end.reason === 'handed over') await startRunner(machine, new Runtime(end.runtimeFolder));
}

/** Other judges need a key or the editor, which are not here: whoever has them judges the answers. */
async function judgeLocally(runFolder: string, runtime: Runtime, log: (message: string) => void): Promise<void> {
  const { judge: judgeId } = await readJson(join(runFolder, 'run.json'), runSpec);
  if (judgeId !== LOCAL_JUDGE) return log(`${runFolder}: answers complete; left to the judge "${judgeId}"`);
  const judge = await LocalJudgeClient.load(runtime.judgeWorker, runtime.judgeFolder);
  try {
    await judgeRun(runFolder, judge);
  } finally {
    await judge.dispose();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${timestamp()} ${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
