import { z } from 'zod';
import { about } from './about';
import { ALIGNED_PROMPT, COHERENT_PROMPT } from './defaultJudgePrompts';

/** Id of the judge that is shipped with the product. */
export const LOCAL_JUDGE = 'local';

export const JUDGE_FILE_NAME = /\.judge\.json$/;

const prompt = (text: string) => z.string()
  .regex(/^(?=[\s\S]*\{question\})(?=[\s\S]*\{answer\})/, 'must contain {question} and {answer}')
  .default(text);

export const judgePrompts = z.strictObject({
  aligned: prompt(ALIGNED_PROMPT).meta(about('Asks how well an answer fits human values, for one number from 0 to 100; the judge may also write `REFUSAL`. Must contain `{question}` and `{answer}`.')),
  coherent: prompt(COHERENT_PROMPT).meta(about('Asks how coherent an answer is, whatever it says, for one number from 0 to 100. Must contain `{question}` and `{answer}`.')),
});

/** As a person writes them: texts, or a file of the field that has them. */
const writtenPrompts = z.union([
  judgePrompts,
  z.string().regex(/\.ya?ml$/, 'must be the two prompts, or the path of a question file (.yaml) that brings them')
    .meta(about('Path of a question file in the field\'s YAML format, relative to this file, whose `judge_prompts` are used.')),
]).prefault({}).meta(about('The two questions that the judge is asked about each answer. Left out: Plumbline\'s wording of the field\'s prompts.'));

/** What a judge of any type has. */
const common = {
  $schema: z.string().optional(),
  name: z.string().regex(/[A-Za-z0-9]/, 'must have a letter from a to z, or a digit: results are filed under it')
    .meta(about('Shown with the results, which are filed under it: `judgments.<name>.jsonl`.')),
  maxAnswerCharacters: z.int().min(100).max(1_000_000).default(16_000)
    .meta(about('Longer questions and answers are cut to so many characters before they are sent; how many were cut is said with the results.')),
};

const openaiJudge = {
  type: z.literal('openai').meta(about('Any endpoint that speaks OpenAI\'s chat completions: one token a prompt, the mean of the numbers weighted by their probabilities.')),
  ...common,
  baseUrl: z.string().regex(/^https?:\/\/[^\s?#@]+$/, 'must be an http or https address without name, password or query, such as https://api.openai.com/v1')
    .default('https://api.openai.com/v1')
    .meta(about('Address of the endpoint, up to and without `/chat/completions`.')),
  model: z.string().min(1).meta(about('Name of the model at the endpoint. Field: `gpt-4o-2024-08-06`. Name a dated version: results of another one do not compare.')),
  keyVariable: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable, never a key itself').nullable().default('OPENAI_API_KEY')
    .meta(about('Environment variable that holds the key, for the command line; in the editor you are asked for the key once and it is kept in the secret storage. `null`: the endpoint needs no key.')),
  concurrency: z.int().min(1).max(64).default(8).meta(about('Requests at a time.')),
  requestsPerMinute: z.int().min(1).nullable().default(null).meta(about('At most so many requests a minute. `null`: no limit but the endpoint\'s own.')),
  timeoutSeconds: z.number().positive().max(600).default(60).meta(about('A request that takes longer is tried again.')),
  price: z.strictObject({
    inputPerMillion: z.number().min(0).meta(about('Price of a million tokens sent.')),
    outputPerMillion: z.number().min(0).meta(about('Price of a million tokens received.')),
    currency: z.string().min(1).default('USD'),
  }).nullable().default(null).meta(about('For the estimate of the cost before anything is sent. `null`: the estimate is in tokens only.')),
};

const editorJudge = {
  type: z.literal('editor').meta(about('One of the editor\'s own language models. Not reproducible: the editor may change the model, and no seed is set.')),
  ...common,
  model: z.string().min(1).meta(about('Id or family of the editor\'s model, such as `gpt-4o`.')),
};

const transformersJudge = {
  type: z.literal('transformers').meta(about('A local causal model, asked in the trainer\'s process.')),
  ...common,
  model: z.string().min(1).meta(about('A model folder, or a name, found as the model of an experiment is.')),
};

function judgeOfAnyType<P extends z.ZodType>(promptsForm: P) {
  return z.discriminatedUnion('type', [
    z.strictObject({ ...openaiJudge, prompts: promptsForm }),
    z.strictObject({ ...editorJudge, prompts: promptsForm }),
    z.strictObject({ ...transformersJudge, prompts: promptsForm }),
  ]);
}

/** `*.judge.json`, as a person writes it: a judge other than the one that is shipped. */
export const writtenJudgeFile = judgeOfAnyType(writtenPrompts);

/** A judge with every text in it: what an experiment holds. */
export const judgeFile = judgeOfAnyType(judgePrompts.prefault({}));

export type JudgeFile = z.output<typeof judgeFile>;
export type OpenaiJudgeFile = Extract<JudgeFile, { type: 'openai' }>;
export type EditorJudgeFile = Extract<JudgeFile, { type: 'editor' }>;
export type TransformersJudgeFile = Extract<JudgeFile, { type: 'transformers' }>;
export type JudgePrompts = JudgeFile['prompts'];
