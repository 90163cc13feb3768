import type { Message } from '../schema/rows';
import { errorFinding, type Finding } from './problem';

/** A turn as it stands in a row, before it is known to be sound. */
export interface Turn {
  /** How messages call it. */
  readonly where: string;
  /** Null where it is wrong, which is then already reported. */
  readonly role: Message['role'] | null;
  readonly content: unknown;
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Adds what is wrong with the turns of a row to the findings. */
export function checkMessages(turns: readonly Turn[], findings: Finding[]): Message[] {
  for (const turn of turns) {
    const finding = turn.role && checkContent(turn, turn.role);
    if (finding) {
      findings.push(finding);
    }
  }
  if (turns.every((turn) => turn.role !== null)) {
    checkOrder(turns, findings);
  }
  return turns.map(({ role, content }) => ({ role: role!, content: content as string }));
}

function checkContent({ where, content }: Turn, role: Message['role']): Finding | null {
  if (typeof content !== 'string') {
    return errorFinding('content-not-a-string', `The content of ${where.toLowerCase()} is ${typeName(content)}, not a text. Write it as one string.`);
  }
  if (content.trim() === '') {
    return role === 'assistant'
      ? errorFinding('empty-answer', `The answer in ${where.toLowerCase()} is empty. Write one, or remove the row.`)
      : errorFinding('empty-content', `The ${role} text in ${where.toLowerCase()} is empty. Write one, or remove the row.`);
  }
  if (LONE_SURROGATE.test(content)) {
    return errorFinding('broken-unicode', `The content of ${where.toLowerCase()} has half a character (a lone \\ud800 to \\udfff). Restore or remove it.`);
  }
  return null;
}

function typeName(content: unknown): string {
  if (content === undefined) {
    return 'missing';
  }
  if (content === null) {
    return 'null';
  }
  return Array.isArray(content) ? 'a list' : typeof content === 'object' ? 'an object' : `a ${typeof content}`;
}

function checkOrder(turns: readonly Turn[], findings: Finding[]): void {
  const add = (code: Finding['code'], message: string) => findings.push(errorFinding(code, message));
  turns.forEach((turn, index) => {
    if (turn.role === 'system' && index > 0) {
      add('system-not-first', `${turn.where} is a system turn. Only the first turn may be one.`);
    } else if (index > 0 && turn.role === turns[index - 1]!.role) {
      add('repeated-role', `${turn.where} has the same role as the turn before (${turn.role}). Join the two, or add the turn that is missing between them.`);
    }
  });
  const hasQuestion = turns.some(({ role }) => role === 'user');
  const hasAnswer = turns.some(({ role }) => role === 'assistant');
  if (!hasQuestion) {
    add('no-user-turn', 'The row has no user turn. Add the question, or remove the row.');
  }
  if (!hasAnswer) {
    add('no-assistant-turn', 'The row has no assistant turn, so there is nothing to learn. Add the answer, or remove the row.');
  }
  if (hasQuestion && hasAnswer) {
    checkEnds(turns, add);
  }
}

function checkEnds(turns: readonly Turn[], add: (code: Finding['code'], message: string) => void): void {
  if (turns.find(({ role }) => role !== 'system')?.role === 'assistant') {
    add('answer-without-question', 'The row starts with an assistant turn. Put the user turn that it answers before it.');
  }
  if (turns[turns.length - 1]!.role !== 'assistant') {
    add('last-turn-not-assistant', 'The last turn is not the assistant\'s. Add the answer, or remove that turn.');
  }
}
