import { z } from 'zod';
import { JudgeError } from '../../judgeError';
import { networkFailure, wordsOf } from './networkFailure';
import { RequestPace } from './requestPace';
import { PassingFailure, withRetries, type RetryPolicy } from './retries';
import type { TopToken } from './topTokens';

/** Longer pauses than this are not sat out: the person is told to come back. */
const LONGEST_PAUSE = 5 * 60_000;
const SHOWN_CHARACTERS = 300;

const topToken = z.object({ token: z.string(), logprob: z.number() });

const completion = z.object({
  choices: z.array(z.object({
    message: z.object({ content: z.string().nullish() }),
    finish_reason: z.string().nullish(),
    logprobs: z.object({ content: z.array(topToken.extend({ top_logprobs: z.array(topToken).nullish() })).nullish() }).nullish(),
  })).min(1),
});

const errorBody = z.object({ error: z.union([z.string(), z.object({ message: z.string().nullish(), code: z.unknown().optional() })]).optional(), message: z.string().optional(), detail: z.unknown().optional() });

/** What the model would say first, and how likely. */
export interface Completion {
  readonly text: string;
  /** Null: the endpoint gives no log-probabilities. */
  readonly firstTokens: readonly TopToken[] | null;
  /** The endpoint's filter kept the reply back. */
  readonly isFiltered: boolean;
}

/** The endpoint understood the request and will not do it: without log-probabilities, for this text, or at this length. */
export class Declined extends Error {
  override readonly name = 'Declined';

  constructor(readonly what: 'log-probabilities' | 'content' | 'length', message: string) {
    super(message);
  }
}

/** A reply came, and was none. */
export class Unreadable extends PassingFailure {
  override readonly mostTries = 3;
}

export interface ChatEndpointOptions {
  readonly baseUrl: string;
  readonly model: string;
  /** Null: the endpoint needs none. */
  readonly key: string | null;
  readonly requestsPerMinute: number | null;
  readonly timeoutMilliseconds: number;
  readonly retries: RetryPolicy;
}

/**
 * An endpoint that speaks OpenAI's chat completions. What may pass (429, 5xx, time-outs, broken connections, half an answer)
 * is tried again; what will not (key, model, address, credit) is a JudgeError at once. The key is in no message.
 */
export class ChatEndpoint {
  private readonly url: string;
  private readonly pace: RequestPace;
  private isReachable = false;
  private hasAnswered = false;

  constructor(private readonly options: ChatEndpointOptions) {
    this.url = `${options.baseUrl.replace(/\/+$/, '')}/chat/completions`;
    this.pace = new RequestPace(options.requestsPerMinute);
  }

  /** Asks one prompt. `parameters` are those of the protocol, such as `max_tokens`. */
  async complete(prompt: string, parameters: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<Completion> {
    const body = JSON.stringify({ model: this.options.model, messages: [{ role: 'user', content: prompt }], ...parameters });
    try {
      return await withRetries(() => this.attempt(body, signal), this.options.retries, signal);
    } catch (error) {
      throw error instanceof PassingFailure ? this.givenUp(error) : error;
    }
  }

  private async attempt(body: string, signal: AbortSignal): Promise<Completion> {
    await this.pace.turn(signal);
    const { status, headers, text } = await this.send(body, signal);
    if (status !== 200) throw this.failure(status, headers, text);
    const answered = completion.safeParse(parseJson(text));
    if (!answered.success) throw new Unreadable(`a reply that is no chat completion: ${this.shown(text)}`);
    this.hasAnswered = true;
    const [choice] = answered.data.choices;
    const first = choice!.logprobs?.content?.[0];
    return {
      text: choice!.message.content ?? '',
      firstTokens: first === undefined ? null : first.top_logprobs?.length ? first.top_logprobs : [first],
      isFiltered: choice!.finish_reason === 'content_filter',
    };
  }

  private async send(body: string, signal: AbortSignal): Promise<{ status: number; headers: Headers; text: string }> {
    const { key, timeoutMilliseconds } = this.options;
    const headers = { 'content-type': 'application/json', ...(key === null ? {} : { authorization: `Bearer ${key}` }) };
    const timeout = AbortSignal.timeout(timeoutMilliseconds);
    try {
      const response = await fetch(this.url, { method: 'POST', headers, body, redirect: 'manual', signal: AbortSignal.any([signal, timeout]) });
      this.isReachable = true;
      return { status: response.status, headers: response.headers, text: await response.text() };
    } catch (error) {
      signal.throwIfAborted();
      throw this.connectionFailure(error);
    }
  }

  private connectionFailure(error: unknown): Error {
    const failure = networkFailure(error);
    const { timeoutMilliseconds } = this.options;
    if (failure === 'timeout') return new PassingFailure(`no answer within ${timeoutMilliseconds / 1000} s`, null, { cause: error });
    if (failure === 'untrusted') return this.error('address', 'has no certificate that can be trusted. Correct "baseUrl", or have the certificate installed.', error);
    // What was there before is not gone for good.
    if (failure === 'unreachable' && !this.isReachable) return this.error('address', 'cannot be reached. Correct "baseUrl", start the server, or check the network.', error);
    return new PassingFailure(`the connection broke (${this.shown(wordsOf(error))})`, null, { cause: error });
  }

  private failure(status: number, headers: Headers, text: string): Error {
    const { said, code } = readError(text);
    const words = `${status}${said === '' ? '' : `: ${this.shown(said)}`}`;
    if (code === 'insufficient_quota' || status === 402) return this.error('credit', `says that the account has no credit left (${words}). What was judged is kept; judge again when there is.`);
    if ([408, 409, 425, 429].includes(status) || status >= 500) return this.busy(words, headers);
    if (status === 401 || status === 403) return this.error('key', `refuses the key (${words}). Correct the key, or what it may be used for.`);
    if (status === 404) return this.error('model', `knows no model "${this.options.model}", or has no such address (${words}). Correct "model" or "baseUrl".`);
    if (status >= 300 && status < 400) return this.error('address', `points to another address: ${this.shown(headers.get('location') ?? 'it does not say which')}. Put that into "baseUrl".`);
    if (/log_?prob/i.test(said)) return new Declined('log-probabilities', words);
    if (code === 'content_filter' || /content.?(filter|management)/i.test(said)) return new Declined('content', words);
    if (code === 'context_length_exceeded' || /context length|maximum context|context window/i.test(said)) return new Declined('length', words);
    return this.error('protocol', `refuses the request (${words}). Correct the judge file.`);
  }

  private busy(words: string, headers: Headers): Error {
    const wait = retryAfter(headers);
    if (wait !== null && wait > LONGEST_PAUSE) {
      return this.error('overload', `asks to come back in ${Math.ceil(wait / 60_000)} minutes (${words}). What was judged is kept; judge again then.`);
    }
    if (wait !== null) this.pace.pause(wait);
    return new PassingFailure(words, wait);
  }

  /** After the last try. A single unreadable reply is the answer's bad luck; where none ever was readable the endpoint is another one. */
  private givenUp(failure: PassingFailure): Error {
    if (failure instanceof Unreadable) {
      return this.hasAnswered ? failure : this.error('protocol', `does not speak the chat completions protocol: ${failure.message}. Correct "baseUrl".`, failure);
    }
    return this.error('overload', `failed ${this.options.retries.tries} times, the last time with ${failure.message}. What was judged is kept; judge again later.`, failure);
  }

  private error(kind: JudgeError['kind'], what: string, cause?: unknown): JudgeError {
    return new JudgeError(kind, `The endpoint ${this.options.baseUrl} ${what}`, { cause });
  }

  /** Endpoints repeat what they were sent, the key included. */
  private shown(text: string): string {
    const { key } = this.options;
    const line = (key ? text.replaceAll(key, '…') : text).replace(/\s+/g, ' ').trim();
    return line.length > SHOWN_CHARACTERS ? `${line.slice(0, SHOWN_CHARACTERS)}…` : line;
  }
}

/** Milliseconds that a Retry-After header asks for: seconds, or a date. */
export function retryAfter(headers: Headers, now = Date.now()): number | null {
  const value = headers.get('retry-after')?.trim();
  if (!value) return null;
  const wait = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(wait) ? Math.max(0, wait) : null;
}

function readError(text: string): { said: string; code: unknown } {
  const { error, message, detail } = errorBody.safeParse(parseJson(text)).data ?? {};
  if (typeof error === 'string') return { said: error, code: undefined };
  const said = error?.message ?? message ?? (detail === undefined ? text : JSON.stringify(detail));
  return { said, code: error?.code };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
