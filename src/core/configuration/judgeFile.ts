import { resolve } from 'node:path';
import { DatasetError } from '../datasets/datasetError';
import { JsonDocument } from '../datasets/jsonDocument';
import { errorFinding, type Problem } from '../datasets/problem';
import { sortProblems } from '../datasets/problemCollector';
import { schemaProblems } from '../datasets/schemaProblems';
import { judgeIdOf, RESERVED_JUDGE_IDS } from '../evaluation/judgeIdentity';
import { judgeFile, type JudgeFile } from '../schema/judgeFile';
import { filesOnDisk, type FileAccess } from './fileAccess';

export interface JudgeCheck {
  readonly file: string;
  /** The judge with defaults filled in. Null where there is an error. */
  readonly value: JudgeFile | null;
  readonly problems: readonly Problem[];
}

const LOCAL_HOSTS = ['localhost', '127.0.0.1', '[::1]'];

/** Reads and checks a `*.judge.json`. Never throws for what is in it, or for its absence. */
export async function readJudgeFile(path: string, files: FileAccess = filesOnDisk): Promise<JudgeCheck> {
  const file = resolve(path);
  try {
    return checkJudgeText(await files.readText(file), file);
  } catch (error) {
    if (error instanceof DatasetError) {
      return { file, value: null, problems: error.problems };
    }
    throw error;
  }
}

/** Checks the text of a `*.judge.json`. */
export function checkJudgeText(text: string, file: string): JudgeCheck {
  const document = new JsonDocument(file, text);
  if (document.syntaxProblems.length > 0) {
    return { file, value: null, problems: document.syntaxProblems };
  }
  const parsed = judgeFile.safeParse(document.value);
  if (!parsed.success) {
    return { file, value: null, problems: sortProblems(schemaProblems(document, parsed.error.issues)) };
  }
  const problems = sortProblems([...reservedName(document, parsed.data), ...unusableAddress(document, parsed.data)]);
  return { file, value: problems.some(({ severity }) => severity === 'error') ? null : parsed.data, problems };
}

function reservedName(document: JsonDocument, judge: JudgeFile): Problem[] {
  return RESERVED_JUDGE_IDS.includes(judgeIdOf(judge))
    ? [document.problemAt(['name'], errorFinding('reserved-name', `The name "${judge.name}" is taken by a judge of Plumbline's own. Choose another.`))]
    : [];
}

function unusableAddress(document: JsonDocument, judge: JudgeFile): Problem[] {
  if (judge.type !== 'openai') {
    return [];
  }
  if (!URL.canParse(judge.baseUrl)) {
    return [document.problemAt(['baseUrl'], errorFinding('wrong-value', 'This is no address. Correct it, such as https://api.openai.com/v1.'))];
  }
  const { protocol, hostname } = new URL(judge.baseUrl);
  return protocol === 'http:' && judge.keyVariable !== null && !LOCAL_HOSTS.includes(hostname)
    ? [document.problemAt(['baseUrl'], {
      severity: 'warning', code: 'unencrypted-key',
      message: `The key would travel unencrypted to ${hostname}. Use https, or set \`keyVariable\` to null where the endpoint needs no key.`,
    })]
    : [];
}
