import { JudgeError } from '../../core/evaluation/judgeError';
import { judgeIdOf } from '../../core/evaluation/judgeIdentity';
import { PromptedJudge } from '../../core/evaluation/judges/prompted/promptedJudge';
import { replyOfText, type Reply } from '../../core/evaluation/judges/prompted/reply';
import { ReplyCache } from '../../core/evaluation/judges/prompted/replyCache';
import { contentId } from '../../core/experiments/identifiers';
import { judgeFile, type EditorJudgeFile } from '../../core/schema/judgeFile';
import { EditorModelError } from '../../vscode/editorModelError';
import type { EditorModel } from '../../vscode/languageModels';

const CONCURRENCY = 2;
/** A number needs no more; a model that rambles is cut short. */
const MOST_CHARACTERS = 200;
const JUSTIFICATION = 'Plumbline asks the model to rate answers of language models that you fine-tuned.';

/** The judge that an editor's model is without a file of its own: Plumbline's prompts. */
export function editorJudgeFile({ family }: Pick<EditorModel, 'family'>): EditorJudgeFile {
  return judgeFile.parse({ name: `editor ${family}`, type: 'editor', model: family }) as EditorJudgeFile;
}

/** Whether a judge file means a model: by its id, or its family. */
export function isModelOf({ model }: EditorJudgeFile, { id, family }: Pick<EditorModel, 'id' | 'family'>): boolean {
  return model === id || model === family;
}

/** One of the editor's language models as a judge: it gives texts only, so numbers are parsed, and nothing of it can be had again. */
export function editorJudge(file: EditorJudgeFile, model: EditorModel, repliesFolder: string): PromptedJudge {
  const { prompts, maxAnswerCharacters } = file;
  const { vendor, id, version } = model;
  return new PromptedJudge({
    id: judgeIdOf(file), version: `${vendor}/${id} ${contentId({ vendor, id, version, prompts, maxAnswerCharacters }, 8)}`,
    caveat: `Judged by one of the editor's language models (${vendor}, ${model.name}): not reproducible. The editor may change the model, and no seed is set.`,
    prompts, maxAnswerCharacters, concurrency: CONCURRENCY, price: null,
    cache: ReplyCache.of(repliesFolder, { type: 'editor', endpoint: vendor, model: `${id} ${version}` }),
    ask: (prompt, signal) => ask(model, prompt, signal),
  });
}

async function ask(model: EditorModel, prompt: string, signal: AbortSignal): Promise<Reply> {
  try {
    return replyOfText(await model.ask(prompt, JUSTIFICATION, MOST_CHARACTERS, signal));
  } catch (error) {
    if (!(error instanceof EditorModelError)) throw error;
    if (error.problem === 'blocked') return { score: null, refusal: false, method: 'number', missing: 'declined' };
    throw judgeErrorOf(error, model);
  }
}

function judgeErrorOf(error: EditorModelError, { name }: EditorModel): JudgeError {
  switch (error.problem) {
    case 'permission': return new JudgeError('key', `The editor did not let Plumbline use ${name}: ${error.message}. Allow it, or choose another judge.`, { cause: error });
    case 'gone': return new JudgeError('model', `The editor has no model ${name} any more: ${error.message}. Choose another.`, { cause: error });
    case 'quota': return new JudgeError('credit', `The editor's quota for ${name} is used up: ${error.message}. What was judged is kept; judge again when there is more.`, { cause: error });
    default: return new JudgeError('protocol', `${name} gave no reply: ${error.message}. What was judged is kept.`, { cause: error });
  }
}
