import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { contentId, slug } from '../../../experiments/identifiers';
import { LineTail } from '../../../files/lineTail';
import { appendJsonLines } from '../../jsonLines';
import { reply, type Reply } from './reply';

const line = z.object({ prompt: z.string(), reply });

/** Whom the replies are of: of two endpoints with a model of the same name they are never mixed. */
export interface ReplySource {
  readonly type: string;
  readonly endpoint: string;
  readonly model: string;
}

/**
 * Every reply of one model, by the hash of the very prompt (question and answer are in it): what was paid for once is never
 * asked again, whatever experiment it turns up in. An append-only file; several processes may write.
 */
export class ReplyCache {
  private readonly replies = new Map<string, Reply>();
  private readonly tail: LineTail;

  private constructor(private readonly file: string) {
    this.tail = new LineTail(file);
  }

  static of(folder: string, source: ReplySource): ReplyCache {
    return new ReplyCache(join(folder, `${slug(source.model)}-${contentId(source)}.jsonl`));
  }

  /** Reads what is new in the file. Lines that cannot be read, such as one that a killed writer left, are passed over. */
  async refresh(): Promise<void> {
    for (const text of await this.tail.readNew()) {
      const parsed = line.safeParse(parseJson(text));
      if (parsed.success) this.replies.set(parsed.data.prompt, parsed.data.reply);
    }
  }

  get(prompt: string): Reply | undefined {
    return this.replies.get(hashOf(prompt));
  }

  async add(prompt: string, given: Reply): Promise<void> {
    this.replies.set(hashOf(prompt), given);
    await mkdir(dirname(this.file), { recursive: true });
    await appendJsonLines(this.file, [{ prompt: hashOf(prompt), reply: given }]);
  }
}

function hashOf(prompt: string): string {
  return contentId(prompt, 64);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
