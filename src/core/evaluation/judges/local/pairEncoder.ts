import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import type { JudgeItem } from '../../judge';

export interface EncodedPair {
  readonly ids: readonly number[];
  /** Number of leading tokens that belong to the question, its markers included. */
  readonly questionLength: number;
}

export interface PairLimits {
  readonly maxTokens: number;
  readonly maxQuestionTokens: number;
}

/** Tokenizing takes time with the text's length, and what lies far past the limit is cut anyway. */
const MAX_CHARACTERS_PER_TOKEN = 40;

/** `[CLS] question [SEP] answer [SEP]`; what does not fit is cut from the answer's end, as in training. */
export class PairEncoder {
  private readonly cls: number;
  private readonly sep: number;

  constructor(private readonly tokenizer: Tokenizer, private readonly limits: PairLimits) {
    this.cls = requireToken(tokenizer, '[CLS]');
    this.sep = requireToken(tokenizer, '[SEP]');
  }

  static async load(modelDir: string, limits: PairLimits): Promise<PairEncoder> {
    const [tokenizer, config] = await Promise.all([readJson(join(modelDir, 'tokenizer.json')), readJson(join(modelDir, 'tokenizer_config.json'))]);
    return new PairEncoder(new Tokenizer(tokenizer, config), limits);
  }

  encode(item: JudgeItem): EncodedPair {
    const question = this.textIds(item.question, this.limits.maxQuestionTokens);
    const answer = this.textIds(item.answer, this.limits.maxTokens - 3 - question.length);
    return { ids: [this.cls, ...question, this.sep, ...answer, this.sep], questionLength: question.length + 2 };
  }

  private textIds(text: string, limit: number): number[] {
    const readable = text.slice(0, limit * MAX_CHARACTERS_PER_TOKEN);
    return this.tokenizer.encode(readable, { add_special_tokens: false }).ids.slice(0, limit);
  }
}

function requireToken(tokenizer: Tokenizer, token: string): number {
  const id = tokenizer.token_to_id(token);
  if (id === undefined) throw new Error(`the judge's tokenizer has no ${token}`);
  return id;
}

async function readJson(path: string): Promise<object> {
  return JSON.parse(await readFile(path, 'utf8')) as object;
}
