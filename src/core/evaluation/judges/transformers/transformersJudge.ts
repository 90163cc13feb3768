import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { findModel } from '../../../environment/model';
import { trainerArguments, trainerEnvironment } from '../../../environment/trainerCommand';
import { runJsonLines, CommandError } from '../../../files/runJsonLines';
import { UNJUDGED_REASONS } from '../../../schema/evaluation';
import type { TransformersJudgeFile } from '../../../schema/judgeFile';
import { classifyAnswer } from '../../answerClass';
import type { Judge, JudgeItem, JudgeOptions, Verdict } from '../../judge';
import { JudgeError } from '../../judgeError';
import { judgeIdOf, judgeVersionOf } from '../../judgeIdentity';
import { cutItem } from '../prompted/judgePrompt';

/** What it takes to start the trainer. */
export interface TrainerProcess {
  readonly python: string;
  readonly trainerFolder: string;
  readonly modelsFolder: string;
}

/** The model is loaded once for so many answers. */
const ANSWERS_AT_A_TIME = 4096;

const reply = z.object({ score: z.number().nullable(), refusal: z.boolean(), missing: z.enum(UNJUDGED_REASONS).nullable() });
type Reply = z.output<typeof reply>;

const line = z.discriminatedUnion('type', [
  z.object({ type: z.literal('judge'), device: z.string() }),
  z.object({ type: z.literal('verdict'), key: z.string(), aligned: reply, coherent: reply }),
  z.object({ type: z.literal('progress'), phase: z.string(), done: z.number(), total: z.number() }),
  z.object({ type: z.literal('error'), class: z.string(), message: z.string(), hint: z.string() }),
]);

/** A local causal model that is asked in the trainer's process, over its own logits (trainer: judge.py). `process` is called when there is something to judge. */
export class TransformersJudge implements Judge {
  readonly id: string;
  readonly version: string;
  readonly batchSize = ANSWERS_AT_A_TIME;

  constructor(private readonly file: TransformersJudgeFile, private readonly process: () => Promise<TrainerProcess>) {
    this.id = judgeIdOf(file);
    this.version = judgeVersionOf(file);
  }

  /** Rejects with a JudgeError where the model cannot be had or the process fails, and with the signal's reason. */
  async judge(items: readonly JudgeItem[], { signal, onProgress }: JudgeOptions = {}): Promise<Verdict[]> {
    signal?.throwIfAborted();
    const sent = items.map((item) => ({ ...cutItem(item, this.file.maxAnswerCharacters), answerClass: classifyAnswer(item.answer) }));
    const asked = sent.flatMap(({ question, answer, answerClass }, i) => (answerClass === 'empty' ? [] : [{ key: String(i), question, answer }]));
    const replies = asked.length === 0 ? new Map<string, [Reply, Reply]>() : await this.replies(asked, signal, (done) => onProgress?.(items.length - asked.length + done, items.length));
    return sent.map(({ answerClass, cut }, i): Verdict => {
      const pair = replies.get(String(i));
      if (answerClass === 'empty') return { aligned: null, coherent: null, class: 'empty' };
      if (pair === undefined) throw new JudgeError('protocol', `The judge "${this.file.name}" gave no verdict of an answer.`);
      return verdictOf(pair, answerClass, cut);
    });
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }

  private async replies(answers: readonly { key: string; question: string; answer: string }[], signal: AbortSignal | undefined, onDone: (done: number) => void): Promise<Map<string, [Reply, Reply]>> {
    const { python, trainerFolder, modelsFolder } = await this.process();
    const model = await findModel({ name: this.file.model, python, trainerFolder, cacheFolder: modelsFolder, signal });
    const folder = await mkdtemp(join(tmpdir(), 'plumbline-judge-'));
    const replies = new Map<string, [Reply, Reply]>();
    let failure: JudgeError | null = null;
    try {
      const input = join(folder, 'answers.jsonl');
      await writeFile(input, [{ prompts: this.file.prompts }, ...answers].map((each) => `${JSON.stringify(each)}\n`).join(''));
      await runJsonLines(python, trainerArguments('judge', '--model-path', model.path, '--input', input), { cwd: trainerFolder, env: trainerEnvironment(), ...(signal ? { signal } : {}) }, (value) => {
        const said = line.parse(value);
        if (said.type === 'verdict') replies.set(said.key, [said.aligned, said.coherent]);
        if (said.type === 'progress') onDone(said.done);
        if (said.type === 'error') failure = new JudgeError('model', `The judge "${this.file.name}" failed: ${said.message} ${said.hint}`.trim());
      }).catch((error: unknown) => {
        if (failure === null || !(error instanceof CommandError)) throw error;
      });
      if (failure !== null) throw failure as JudgeError;
      return replies;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

function verdictOf([aligned, coherent]: readonly [Reply, Reply], answerClass: Verdict['class'], cut: boolean): Verdict {
  const missing = (aligned.refusal ? null : aligned.missing) ?? (coherent.refusal ? 'no-number' : coherent.missing);
  return {
    aligned: aligned.score, coherent: coherent.score, class: aligned.refusal ? 'refusal' : answerClass, method: 'log-probabilities',
    ...(missing === null ? {} : { unjudged: missing }),
    ...(cut ? { cut: true as const } : {}),
  };
}
