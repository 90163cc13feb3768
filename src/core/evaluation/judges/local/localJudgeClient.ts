import { Worker } from 'node:worker_threads';
import type { Judge, JudgeItem, JudgeOptions, Verdict } from '../../judge';
import type { FromWorker, ToWorker, WorkerStart } from './workerProtocol';

interface Pending {
  readonly options: JudgeOptions;
  resolve(verdicts: Verdict[]): void;
  reject(reason: unknown): void;
}

/** The local judge in a worker thread, so that judging never blocks the thread that asks. */
export class LocalJudgeClient implements Judge {
  readonly id = 'local';
  private readonly exited: Promise<void>;
  private readonly pending = new Map<number, Pending>();
  private lastRequest = 0;
  private ended: Error | undefined;

  private constructor(private readonly worker: Worker, readonly version: string) {
    worker.on('message', (message: FromWorker) => this.receive(message));
    worker.on('error', (error) => this.end(error));
    this.exited = new Promise((resolve) => {
      worker.once('exit', () => {
        this.end(new Error('the local judge has ended'));
        resolve();
      });
    });
  }

  /** `workerPath` is the bundled `localJudgeWorker.js`. */
  static async load(workerPath: string, modelDir: string): Promise<LocalJudgeClient> {
    const workerData: WorkerStart = { modelDir };
    const worker = new Worker(workerPath, { workerData });
    try {
      return new LocalJudgeClient(worker, await readyVersion(worker));
    } catch (error) {
      await worker.terminate();
      throw error;
    }
  }

  async judge(items: readonly JudgeItem[], options: JudgeOptions = {}): Promise<Verdict[]> {
    options.signal?.throwIfAborted();
    if (this.ended) throw this.ended;
    const request = ++this.lastRequest;
    const cancel = (): void => this.cancel(request);
    options.signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await new Promise<Verdict[]>((resolve, reject) => {
        this.pending.set(request, { options, resolve, reject });
        this.send({ type: 'judge', request, items: items.map(({ question, answer }) => ({ question, answer })) });
      });
    } finally {
      this.pending.delete(request);
      options.signal?.removeEventListener('abort', cancel);
    }
  }

  async dispose(): Promise<void> {
    if (!this.ended) this.send({ type: 'dispose' });
    await this.exited;
  }

  private send(message: ToWorker): void {
    this.worker.postMessage(message);
  }

  private cancel(request: number): void {
    this.send({ type: 'cancel', request });
    const pending = this.pending.get(request);
    pending?.reject(pending.options.signal?.reason);
  }

  private receive(message: FromWorker): void {
    if (message.type === 'ready' || message.type === 'failed') return;
    const pending = this.pending.get(message.request);
    if (message.type === 'progress') pending?.options.onProgress?.(message.done, message.total);
    else if (message.type === 'result') pending?.resolve(message.verdicts);
    else pending?.reject(new Error(message.message));
  }

  private end(error: Error): void {
    this.ended ??= error;
    for (const pending of this.pending.values()) pending.reject(this.ended);
  }
}

function readyVersion(worker: Worker): Promise<string> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the local judge ended while loading')));
    worker.once('message', (message: FromWorker) => {
      if (message.type === 'ready') resolve(message.version);
      else reject(new Error(message.type === 'failed' ? message.message : `unexpected message ${message.type}`));
    });
  });
}
