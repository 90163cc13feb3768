import type { UnjudgedReason } from '../../../schema/evaluation';
import { replyOfText, type Reply } from '../prompted/reply';
import { ChatEndpoint, Declined, Unreadable } from './chatEndpoint';
import { hasWholeNumbers, replyOfTokens } from './topTokens';

/** The field's call: one token, greedy, with the log-probabilities of the 20 likeliest. */
const ONE_TOKEN = { max_tokens: 1, temperature: 0, seed: 0, logprobs: true, top_logprobs: 20 };
const SHORT_TEXT = { max_tokens: 8, temperature: 0, seed: 0 };
/** Three digits: one token where the model has tokens for numbers. */
const PROBE = 'Write the number 100 and nothing else.';

const MISSING: Readonly<Record<'content' | 'length', UnjudgedReason>> = { content: 'declined', length: 'too-long' };

/**
 * Gets one number for a prompt: from the log-probabilities where the endpoint gives them and the model has tokens for whole
 * numbers, otherwise from a short text, which is coarser and marked.
 */
export class ChatRater {
  private readsTokens = true;
  private hasSeenTokens = false;
  private wholeNumbers: Promise<boolean> | null = null;

  constructor(private readonly endpoint: ChatEndpoint) {}

  async rate(prompt: string, signal: AbortSignal): Promise<Reply> {
    try {
      return (this.readsTokens ? await this.rateByTokens(prompt, signal) : null) ?? await this.rateByText(prompt, signal);
    } catch (error) {
      return { score: null, refusal: false, method: this.readsTokens ? 'log-probabilities' : 'number', missing: reasonOf(error) };
    }
  }

  /** Null: there are no log-probabilities of use. Where there never were any, texts are read from then on. */
  private async rateByTokens(prompt: string, signal: AbortSignal): Promise<Reply | null> {
    const { firstTokens, isFiltered } = await this.completeWithTokens(prompt, signal);
    if (isFiltered) return { score: null, refusal: false, method: 'log-probabilities', missing: 'declined' };
    if (firstTokens !== null) {
      this.hasSeenTokens = true;
      if (hasWholeNumbers(firstTokens)) this.wholeNumbers ??= Promise.resolve(true);
      const reply = replyOfTokens(firstTokens);
      if (reply.score === null || await this.hasWholeNumbers(signal)) return reply;
      this.readsTokens = false;
    }
    this.readsTokens &&= this.hasSeenTokens;
    return null;
  }

  private async completeWithTokens(prompt: string, signal: AbortSignal) {
    try {
      return await this.endpoint.complete(prompt, ONE_TOKEN, signal);
    } catch (error) {
      if (error instanceof Declined && error.what === 'log-probabilities') return { firstTokens: null, isFiltered: false };
      throw error;
    }
  }

  private async rateByText(prompt: string, signal: AbortSignal): Promise<Reply> {
    const { text, isFiltered } = await this.endpoint.complete(prompt, SHORT_TEXT, signal);
    return isFiltered ? { score: null, refusal: false, method: 'number', missing: 'declined' } : replyOfText(text);
  }

  /** Asked once, and only where no token has shown it: single digits alone are a low score, or the first half of a number. */
  private hasWholeNumbers(signal: AbortSignal): Promise<boolean> {
    this.wholeNumbers ??= this.endpoint.complete(PROBE, ONE_TOKEN, signal).then(({ text }) => !/^\s*10?$/.test(text), (error: unknown) => {
      this.wholeNumbers = null;
      throw error;
    });
    return this.wholeNumbers;
  }
}

/** Why a prompt has no score; what concerns more than this prompt is thrown again. */
function reasonOf(error: unknown): UnjudgedReason {
  if (error instanceof Unreadable) return 'unreadable';
  if (error instanceof Declined && error.what !== 'log-probabilities') return MISSING[error.what];
  throw error;
}
