import { classifyAnswer } from './answerClass';
import { batchesByLength } from './batches';
import { calibratedScore } from './calibration';
import { readJudgeDescription, type JudgeDescription } from './judgeDescription';
import type { Judge, JudgeItem, JudgeOptions, Verdict } from '../../judge';
import { PairEncoder, type EncodedPair } from './pairEncoder';
import { PairModel, type PairLogits } from './pairModel';

const BATCH_SIZE = 32;

/** The built-in judge. It blocks its thread while it tokenizes: beside a user interface, use `LocalJudgeClient`. */
export class LocalJudge implements Judge {
  readonly id = 'local';
  readonly version: string;
  readonly #description: JudgeDescription;
  readonly #encoder: PairEncoder;
  readonly #model: PairModel;

  private constructor(description: JudgeDescription, encoder: PairEncoder, model: PairModel) {
    this.version = description.version;
    this.#description = description;
    this.#encoder = encoder;
    this.#model = model;
  }

  static async load(modelDir: string): Promise<LocalJudge> {
    const description = await readJudgeDescription(modelDir);
    const [encoder, model] = await Promise.all([PairEncoder.load(modelDir, description), PairModel.load(modelDir)]);
    return new LocalJudge(description, encoder, model);
  }

  /** Verdicts in the order of the items. Rejects with the signal's reason when cancelled between two batches. */
  async judge(items: readonly JudgeItem[], options: JudgeOptions = {}): Promise<Verdict[]> {
    options.signal?.throwIfAborted();
    const classes = items.map((item) => classifyAnswer(item.answer));
    const verdicts = classes.map(withoutScores);
    const scorable = classes.flatMap((answerClass, index) => (answerClass === 'empty' ? [] : [index]));
    const pairs = scorable.map((index) => this.#encoder.encode(items[index]!));
    let done = items.length - scorable.length;
    for (const batch of batchesByLength(pairs.map((pair) => pair.ids.length), BATCH_SIZE)) {
      options.signal?.throwIfAborted();
      const scored = await this.#score(batch.map((at) => pairs[at]!));
      batch.forEach((at, row) => {
        const index = scorable[at]!;
        verdicts[index] = { ...scored[row]!, class: classes[index]! };
      });
      done += batch.length;
      options.onProgress?.(done, items.length);
    }
    return verdicts;
  }

  async dispose(): Promise<void> {
    await this.#model.release();
  }

  async #score(pairs: readonly EncodedPair[]): Promise<{ aligned: number; coherent: number }[]> {
    const logits = await this.#model.run(pairs);
    return logits.map((row) => this.#calibrated(row));
  }

  #calibrated(logits: PairLogits): { aligned: number; coherent: number } {
    const { aligned, coherent } = this.#description.calibration;
    return { aligned: calibratedScore(logits.aligned, aligned), coherent: calibratedScore(logits.coherent, coherent) };
  }
}

function withoutScores(answerClass: Verdict['class']): Verdict {
  return { aligned: null, coherent: null, class: answerClass };
}
