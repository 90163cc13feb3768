import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { trainerArguments, trainerEnvironment } from '../environment/trainerCommand';
import { errorClass } from '../schema/events';
import type { Sampler } from '../schema/evaluation';
import type { Message } from '../schema/rows';

/** A model that can be asked: the base, or an adapter of it. */
export interface Respondent {
  readonly name: string;
  /** A PEFT folder; null: the base. */
  readonly adapter: string | null;
}

export interface Asked {
  readonly respondents: readonly Respondent[];
  readonly messages: readonly Message[];
  readonly sampler: Sampler;
}

const answerLine = z.object({
  type: z.literal('answer'), id: z.string(), model: z.string(), sample: z.int(), seed: z.int(),
  answer: z.string(), finish: z.enum(['stop', 'length']), tokens: z.int(),
});
export type AnswerLine = z.output<typeof answerLine>;

const line = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), device: z.string() }),
  answerLine,
  z.object({ type: z.literal('done'), id: z.string(), cancelled: z.boolean() }),
  z.object({ type: z.literal('error'), id: z.string().optional(), class: errorClass, message: z.string(), hint: z.string() }),
]);
type Line = z.output<typeof line>;

interface Pending {
  onAnswer(answer: AnswerLine): void;
  resolve(): void;
  reject(error: Error): void;
}

const KEPT_ERROR_LINES = 20;

/** A trainer process that keeps a model loaded and answers what it is asked (trainer: ask.py). It ends with `dispose`. */
export class Respondents {
  private readonly pending = new Map<string, Pending>();
  private readonly errors: string[] = [];
  private count = 0;
  private ended: Error | null = null;

  private constructor(private readonly child: ChildProcessWithoutNullStreams) {
    createInterface({ input: child.stderr }).on('line', (text) => {
      this.errors.push(text);
      if (this.errors.length > KEPT_ERROR_LINES) this.errors.shift();
    });
    createInterface({ input: child.stdout }).on('line', (text) => this.receive(text));
    child.once('error', (error) => this.end(error));
    child.once('close', () => this.end(new Error(['The process that holds the model has ended.', ...this.errors].join('\n'))));
    // Writing to a process that has just ended is told by `close`.
    child.stdin.on('error', () => undefined);
  }

  /** Starts the process; the model is loaded with the first question. */
  static start({ python, trainerFolder, modelPath }: { python: string; trainerFolder: string; modelPath: string }): Respondents {
    const child = spawn(python, trainerArguments('ask', '--model-path', modelPath), { cwd: trainerFolder, env: trainerEnvironment(), stdio: ['pipe', 'pipe', 'pipe'] });
    return new Respondents(child);
  }

  get isAlive(): boolean { return this.ended === null; }

  /** Resolves when all answers were handed over; rejects where the process fails or the signal aborts. */
  async ask({ respondents, messages, sampler }: Asked, onAnswer: (answer: AnswerLine) => void, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.ended) throw this.ended;
    const id = `q${++this.count}`;
    const cancel = () => this.send({ cancel: id });
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        this.pending.set(id, { onAnswer, resolve, reject });
        const { samplesPerQuestion: samples, ...rest } = sampler;
        this.send({ id, models: respondents, messages, samples, sampler: rest });
      });
    } finally {
      this.pending.delete(id);
      signal?.removeEventListener('abort', cancel);
    }
    signal?.throwIfAborted();
  }

  dispose(): void {
    this.child.stdin.end();
    this.child.kill();
  }

  private send(message: object): void {
    this.child.stdin.write(`${JSON.stringify(message)}\n`);
  }

  private receive(text: string): void {
    const parsed = parseLine(text);
    if (parsed === null || parsed.type === 'ready') return;
    if (parsed.type === 'error' && parsed.id === undefined) return this.end(new Error(`${parsed.message} ${parsed.hint}`.trim()));
    const pending = this.pending.get(parsed.id ?? '');
    if (parsed.type === 'answer') pending?.onAnswer(parsed);
    else if (parsed.type === 'done') pending?.resolve();
    else pending?.reject(new Error(`${parsed.message} ${parsed.hint}`.trim()));
  }

  private end(error: Error): void {
    this.ended ??= error;
    for (const pending of this.pending.values()) pending.reject(this.ended);
  }
}

/** Anything else that a library prints is passed over. */
function parseLine(text: string): Line | null {
  try {
    return line.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
