import type { Message } from '../schema/rows';
import { checkMessages, type Turn } from './messageChecks';
import type { DatasetFormat, RowObject } from './datasetFormat';
import { errorFinding, type Finding } from './problem';

type Role = Message['role'];

export interface NormalizedRow {
  /** Null where there is an error. */
  readonly messages: Message[] | null;
  readonly findings: readonly Finding[];
}

const CHAT_ROLES = new Map<unknown, Role>([['system', 'system'], ['user', 'user'], ['assistant', 'assistant']]);
const SHAREGPT_ROLES = new Map<unknown, Role>([
  ['system', 'system'], ['human', 'user'], ['gpt', 'assistant'], ['user', 'user'], ['assistant', 'assistant'],
]);

interface TurnShape {
  readonly column: string;
  readonly roleKey: string;
  readonly contentKey: string;
  readonly roles: ReadonlyMap<unknown, Role>;
}

const CHAT: TurnShape = { column: 'messages', roleKey: 'role', contentKey: 'content', roles: CHAT_ROLES };
const SHAREGPT: TurnShape = { column: 'conversations', roleKey: 'from', contentKey: 'value', roles: SHAREGPT_ROLES };

/** A row of any format as chat messages, and everything that is wrong with it. Texts are kept as they are, blanks included; other columns are ignored. */
export function normalizeRow(row: RowObject, format: DatasetFormat): NormalizedRow {
  const findings: Finding[] = [];
  const turns = readTurns(row, format, findings);
  const messages = turns && checkMessages(turns, findings);
  return { messages: findings.length === 0 ? messages : null, findings };
}

function readTurns(row: RowObject, format: DatasetFormat, findings: Finding[]): Turn[] | null {
  const turns = readSpokenTurns(row, format, findings);
  return turns === null || format === 'messages' ? turns : [...systemTurn(row), ...turns];
}

/** Many ShareGPT and Alpaca files keep the system prompt in a column of its own; an empty one is none. */
function systemTurn({ system }: RowObject): Turn[] {
  return isAbsent(system) || system === '' ? [] : [{ where: '`system`', role: 'system', content: system }];
}

function readSpokenTurns(row: RowObject, format: DatasetFormat, findings: Finding[]): Turn[] | null {
  switch (format) {
    case 'messages':
      return readTurnList(row, CHAT, findings);
    case 'sharegpt':
      return readTurnList(row, SHAREGPT, findings);
    case 'alpaca':
      return [...alpacaQuestion(row, findings), ...answerTurn(row, ['output'])];
    case 'prompt-completion':
      return [...questionTurn(row, 'prompt'), ...answerTurn(row, ['completion', 'response'])];
  }
}

function readTurnList(row: RowObject, shape: TurnShape, findings: Finding[]): Turn[] | null {
  const list = row[shape.column];
  if (!Array.isArray(list)) {
    findings.push(errorFinding('turns-not-a-list', `\`${shape.column}\` is not a list of turns. Write [{"${shape.roleKey}": ..., "${shape.contentKey}": ...}, ...].`));
    return null;
  }
  return list.map((item: unknown, index) => readTurn(item, index, shape, findings));
}

function readTurn(item: unknown, index: number, shape: TurnShape, findings: Finding[]): Turn {
  const where = `Turn ${index + 1}`;
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    findings.push(errorFinding('turn-not-an-object', `${where} is not an object. Write {"${shape.roleKey}": ..., "${shape.contentKey}": ...}.`));
    return { where, role: null, content: null };
  }
  const turn = item as RowObject;
  const role = shape.roles.get(turn[shape.roleKey]) ?? null;
  if (role === null) {
    findings.push(errorFinding('wrong-role', `${where} has ${described(turn[shape.roleKey])} as \`${shape.roleKey}\`. Use ${[...shape.roles.keys()].join(', ')}.`));
  }
  return { where, role, content: turn[shape.contentKey] };
}

function described(value: unknown): string {
  if (value === undefined) {
    return 'nothing';
  }
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}

function questionTurn(row: RowObject, column: string): Turn[] {
  return isAbsent(row[column]) ? [] : [{ where: `\`${column}\``, role: 'user', content: row[column] }];
}

function answerTurn(row: RowObject, columns: readonly string[]): Turn[] {
  const column = columns.find((name) => !isAbsent(row[name]));
  return column === undefined ? [] : [{ where: `\`${column}\``, role: 'assistant', content: row[column] }];
}

/** The input follows the instruction after a blank line, as in the common chat conversions of Alpaca. */
function alpacaQuestion(row: RowObject, findings: Finding[]): Turn[] {
  const { input } = row;
  const [instruction] = questionTurn(row, 'instruction');
  if (!instruction || isAbsent(input) || typeof instruction.content !== 'string') {
    return instruction ? [instruction] : [];
  }
  if (typeof input !== 'string') {
    findings.push(errorFinding('content-not-a-string', '`input` is not a text. Put it in quotes, or leave it out.'));
    return [instruction];
  }
  const hasBoth = input.trim() !== '' && instruction.content.trim() !== '';
  return [hasBoth ? { ...instruction, content: `${instruction.content}\n\n${input}` } : instruction];
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}
