import { createInterface } from 'node:readline/promises';
import { resolve } from 'node:path';
import { readJudgeFile } from '../core/configuration/judgeFile';
import type { Judge, JudgingEstimate } from '../core/evaluation/judge';
import { estimateText } from '../core/evaluation/judgeFolders';
import { LocalJudgeClient } from '../core/evaluation/judges/local/localJudgeClient';
import type { TrainerProcess } from '../core/evaluation/judges/transformers/transformersJudge';
import { openJudge } from '../core/evaluation/judges/openJudge';
import { installRuntime } from '../core/machine/runtime';
import { JUDGE_FILE_NAME, LOCAL_JUDGE, type JudgeFile } from '../core/schema/judgeFile';
import { CliError, type CliContext } from './context';
import { note, printProblems } from './output';

/** A judge at work, and the file that describes it; null for the one that is shipped. */
export interface OpenedJudge {
  readonly judge: Judge;
  readonly file: JudgeFile | null;
}

/** `local`, or the path of a *.judge.json. */
export async function openNamedJudge(context: CliContext, named: string): Promise<OpenedJudge> {
  if (named === LOCAL_JUDGE) return openJudgeOf(context, null);
  if (!JUDGE_FILE_NAME.test(named)) throw new CliError(`There is no judge "${named}".`, 'There is: local, and what a *.judge.json describes.');
  const { value, problems } = await readJudgeFile(resolve(named));
  printProblems(problems);
  if (value === null) throw new CliError(`${named} cannot be used.`, 'Correct it first.');
  return openJudgeOf(context, value);
}

/** Keys come from the environment alone. */
export async function openJudgeOf(context: CliContext, file: JudgeFile | null): Promise<OpenedJudge> {
  if (file === null) return { file, judge: await LocalJudgeClient.load(context.judgeWorker, context.judgeFolder) };
  const key = file.type === 'openai' && file.keyVariable !== null ? process.env[file.keyVariable] || null : null;
  const { storage } = await context.machine();
  return { file, judge: openJudge(file, { key, repliesFolder: storage.repliesFolder, trainer: () => trainerProcess(context) }) };
}

async function trainerProcess(context: CliContext): Promise<TrainerProcess> {
  const { storage } = await context.machine();
  const { path } = await context.requirePython();
  const { trainerFolder } = await installRuntime(context.distFolder, storage);
  return { python: path, trainerFolder, modelsFolder: storage.modelsFolder };
}

/** Says what would be sent where, and what it costs about; nothing is sent without a yes. */
export async function confirmSending({ judge, file }: OpenedJudge, estimate: JudgingEstimate, yes: boolean): Promise<void> {
  const isSent = (estimate.requests ?? 0) > 0;
  const where = isSent && file?.type === 'openai' ? ` Sent to ${file.baseUrl}${file.keyVariable === null ? '' : `, with the key in ${file.keyVariable}`}.` : '';
  note(`Judge ${judge.id} (${judge.version}): ${estimateText(estimate)}.${where}`);
  if (!isSent || yes || await saysYes('Judge them? [y/N] ')) return;
  throw new CliError('Nothing was sent.', 'The same command with --yes judges them.');
}

async function saysYes(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(question)).trim());
  } finally {
    terminal.close();
  }
}

/** Runs work that Ctrl-C ends; a second Ctrl-C ends the program. */
export async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = () => controller.abort();
  process.once('SIGINT', stop);
  try {
    return await work(controller.signal);
  } catch (error) {
    if (controller.signal.aborted) throw new CliError('Stopped.', 'What was judged is kept; the same command goes on from there.');
    throw error;
  } finally {
    process.off('SIGINT', stop);
  }
}
