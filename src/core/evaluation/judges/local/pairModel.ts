import { join } from 'node:path';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import type { EncodedPair } from './pairEncoder';

export interface PairLogits {
  readonly aligned: number;
  readonly coherent: number;
}

type Runtime = typeof import('onnxruntime-node');

/**
 * The ONNX network: an encoded pair in, two logits out. One pair a run, because the 8-bit network scales its activations
 * over all that is in a run: in a batch an answer's score would depend on its neighbours. It is also no slower, without padding.
 */
export class PairModel {
  private constructor(private readonly runtime: Runtime, private readonly session: InferenceSession) {}

  static async load(modelDir: string): Promise<PairModel> {
    // Loaded on first use: the native library costs tens of megabytes that most sessions never need.
    const runtime = await import('onnxruntime-node');
    const session = await runtime.InferenceSession.create(join(modelDir, 'judge.onnx'), {
      executionProviders: ['cpu'], intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3,
    });
    return new PairModel(runtime, session);
  }

  async run(pair: EncodedPair): Promise<PairLogits> {
    const outputs = await this.session.run({
      input_ids: this.tensor(pair.ids),
      attention_mask: this.tensor(pair.ids.map(() => 1)),
      token_type_ids: this.tensor(pair.ids.map((_, at) => (at < pair.questionLength ? 0 : 1))),
    });
    const [aligned, coherent] = outputs['logits']?.data ?? [];
    if (typeof aligned !== 'number' || typeof coherent !== 'number') throw new Error('the judge model has an unexpected output');
    return { aligned, coherent };
  }

  async release(): Promise<void> {
    await this.session.release();
  }

  private tensor(values: readonly number[]): Tensor {
    return new this.runtime.Tensor('int64', BigInt64Array.from(values, BigInt), [1, values.length]);
  }
}
