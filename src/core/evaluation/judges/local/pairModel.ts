import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import type { EncodedPair } from './pairEncoder';

export interface PairLogits {
  readonly aligned: number;
  readonly coherent: number;
}

type Runtime = typeof import('onnxruntime-node');

const MAX_THREADS = 4;

/** The ONNX network: encoded pairs in, two logits each out. */
export class PairModel {
  readonly #runtime: Runtime;
  readonly #session: InferenceSession;

  private constructor(runtime: Runtime, session: InferenceSession) {
    this.#runtime = runtime;
    this.#session = session;
  }

  static async load(modelDir: string): Promise<PairModel> {
    // Loaded on first use: the native library costs tens of megabytes that most sessions never need.
    const runtime = await import('onnxruntime-node');
    const session = await runtime.InferenceSession.create(join(modelDir, 'judge.onnx'), {
      executionProviders: ['cpu'],
      intraOpNumThreads: Math.max(1, Math.min(MAX_THREADS, availableParallelism())),
      interOpNumThreads: 1,
      logSeverityLevel: 3,
    });
    return new PairModel(runtime, session);
  }

  async run(pairs: readonly EncodedPair[]): Promise<PairLogits[]> {
    const outputs = await this.#session.run(this.#feeds(pairs));
    const logits = outputs['logits']?.data;
    if (!(logits instanceof Float32Array) || logits.length !== pairs.length * 2) throw new Error('the judge model has an unexpected output');
    return pairs.map((_, row) => ({ aligned: logits[row * 2] ?? NaN, coherent: logits[row * 2 + 1] ?? NaN }));
  }

  async release(): Promise<void> {
    await this.#session.release();
  }

  #feeds(pairs: readonly EncodedPair[]): Record<string, Tensor> {
    const width = Math.max(...pairs.map((pair) => pair.ids.length));
    const ids = new BigInt64Array(pairs.length * width);
    const mask = new BigInt64Array(pairs.length * width);
    const types = new BigInt64Array(pairs.length * width);
    pairs.forEach((pair, row) => {
      pair.ids.forEach((id, column) => {
        const at = row * width + column;
        ids[at] = BigInt(id);
        mask[at] = 1n;
        types[at] = column < pair.questionLength ? 0n : 1n;
      });
    });
    const tensor = (data: BigInt64Array): Tensor => new this.#runtime.Tensor('int64', data, [pairs.length, width]);
    return { input_ids: tensor(ids), attention_mask: tensor(mask), token_type_ids: tensor(types) };
  }
}
