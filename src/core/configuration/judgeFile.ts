import { basename, dirname, resolve } from 'node:path';
import type { z } from 'zod';
import { DatasetError } from '../datasets/datasetError';
import { JsonDocument } from '../datasets/jsonDocument';
import { errorFinding, type Finding, type Problem } from '../datasets/problem';
import { sortProblems } from '../datasets/problemCollector';
import { parseQuestions } from '../datasets/questions';
import { schemaProblems } from '../datasets/schemaProblems';
import { RESERVED_JUDGE_IDS } from '../evaluation/judgeIdentity';
import { judgePromptsOf } from '../evaluation/judgePrompts';
import { slug } from '../experiments/identifiers';
import { judgeFile, judgePrompts, writtenJudgeFile, type JudgeFile, type JudgePrompts } from '../schema/judgeFile';
import { missingFile } from './partChecks';
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
    return await checkJudgeText(await files.readText(file), file, files);
  } catch (error) {
    if (error instanceof DatasetError) {
      return { file, value: null, problems: error.problems };
    }
    throw error;
  }
}

/** Checks the text of a `*.judge.json`. The path must be absolute: a file of prompts is found from its folder. */
export async function checkJudgeText(text: string, file: string, files: FileAccess = filesOnDisk): Promise<JudgeCheck> {
  const document = new JsonDocument(file, text);
  if (document.syntaxProblems.length > 0) {
    return { file, value: null, problems: document.syntaxProblems };
  }
  const parsed = writtenJudgeFile.safeParse(document.value);
  if (!parsed.success) {
    return { file, value: null, problems: sortProblems(schemaProblems(document, parsed.error.issues)) };
  }
  const loaded = await loadPrompts(document, parsed.data.prompts, files);
  const problems = sortProblems([...reservedName(document, parsed.data.name), ...unusableAddress(document, parsed.data), ...loaded.problems]);
  const isSound = loaded.prompts !== null && problems.every(({ severity }) => severity !== 'error');
  return { file, value: isSound ? judgeFile.parse({ ...parsed.data, prompts: loaded.prompts }) : null, problems };
}

interface LoadedPrompts {
  /** Null where there is an error. */
  readonly prompts: JudgePrompts | null;
  readonly problems: readonly Problem[];
}

/** The prompts themselves, read from the question file where one is named. */
async function loadPrompts(document: JsonDocument, prompts: JudgePrompts | string, files: FileAccess): Promise<LoadedPrompts> {
  if (typeof prompts !== 'string') {
    return { prompts, problems: [] };
  }
  const at = (finding: Finding): LoadedPrompts => ({ prompts: null, problems: [document.problemAt(['prompts'], finding)] });
  const path = resolve(dirname(document.file), prompts);
  if (!await files.isFile(path)) {
    return at(missingFile(prompts));
  }
  const reading = parseQuestions(await files.readText(path), path);
  if (reading.errors > 0) {
    return at(errorFinding('invalid-question-file', `${basename(path)} has ${reading.errors} ${reading.errors === 1 ? 'error' : 'errors'}. Correct that file first.`));
  }
  const found = judgePrompts.safeParse(judgePromptsOf(reading));
  return found.success ? { prompts: found.data, problems: [] } : at(errorFinding('no-judge-prompts',
    `${basename(path)} does not bring one pair of judge prompts, aligned and coherent with {question} and {answer} in both, for all of its questions. Write the prompts here instead.`));
}

function reservedName(document: JsonDocument, name: string): Problem[] {
  return RESERVED_JUDGE_IDS.includes(slug(name))
    ? [document.problemAt(['name'], errorFinding('reserved-name', `The name "${name}" is taken by a judge of Plumbline's own. Choose another.`))]
    : [];
}

function unusableAddress(document: JsonDocument, judge: z.output<typeof writtenJudgeFile>): Problem[] {
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
