import { open } from 'node:fs/promises';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { trainerEvent, type TrainerEvent } from '../schema/events';
import { isMissing } from '../files/readJson';

/** Reads an events file from where it stopped last time; half a last line waits for its other half. */
export class EventReader {
  private offset = 0;
  private rest = Buffer.alloc(0);

  constructor(readonly path: string) {}

  async readNew(): Promise<TrainerEvent[]> {
    const bytes = await this.readBytes();
    if (bytes.length === 0) return [];
    const buffer = Buffer.concat([this.rest, bytes]);
    const end = buffer.lastIndexOf(0x0a) + 1;
    this.rest = Buffer.from(buffer.subarray(end));
    return buffer.subarray(0, end).toString('utf8').split('\n').flatMap(parseEvent);
  }

  private async readBytes(): Promise<Buffer> {
    let file;
    try {
      file = await open(this.path, 'r');
    } catch (error) {
      if (isMissing(error)) return Buffer.alloc(0);
      throw error;
    }
    try {
      const { size } = await file.stat();
      const length = size - this.offset;
      if (length <= 0) return Buffer.alloc(0);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, this.offset);
      this.offset += bytesRead;
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }
}

/** Lines that are no event, or of a type this version does not know, are passed over. */
function parseEvent(line: string): TrainerEvent[] {
  if (line.trim() === '') return [];
  try {
    const result = trainerEvent.safeParse(JSON.parse(line));
    return result.success ? [result.data] : [];
  } catch {
    return [];
  }
}

export function eventsFile(runFolder: string, attempt: number): string {
  return join(runFolder, `events.${attempt}.jsonl`);
}

/** Attempts that have an events file, in order. */
export async function attemptsOf(runFolder: string): Promise<number[]> {
  const names = await readdir(runFolder).catch(() => [] as string[]);
  return names.flatMap((name) => /^events\.(\d+)\.jsonl$/.exec(name)?.[1] ?? []).map(Number).sort((a, b) => a - b);
}

/** The number of optimizer steps that a run was planned for; null before its first. */
export async function lastStep(runFolder: string): Promise<number | null> {
  for (const attempt of (await attemptsOf(runFolder)).reverse()) {
    const events = await new EventReader(eventsFile(runFolder, attempt)).readNew();
    const hello = events.find((event) => event.type === 'hello');
    if (hello?.totalSteps) return hello.totalSteps;
  }
  return null;
}
