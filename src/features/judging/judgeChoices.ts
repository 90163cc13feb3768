import type { JudgingEstimate } from '../../core/evaluation/judge';
import { estimateText } from '../../core/evaluation/judgeFolders';
import { judgeIdOf, judgeVersionOf } from '../../core/evaluation/judgeIdentity';
import type { JudgeFile } from '../../core/schema/judgeFile';
import type { EditorModel } from '../../vscode/languageModels';
import type { Choice } from '../../vscode/quickInput';
import { count } from '../format';
import { editorJudgeFile } from './editorJudge';

/** Who may judge. */
export type JudgeChoice =
  | { readonly kind: 'local' }
  | { readonly kind: 'file'; readonly file: JudgeFile }
  | { readonly kind: 'model'; readonly model: EditorModel }
  /** A judge file with errors. */
  | { readonly kind: 'broken'; readonly path: string };

export interface FoundJudgeFile {
  readonly path: string;
  readonly shownPath: string;
  /** Null where the file has errors. */
  readonly file: JudgeFile | null;
}

/** The experiment's own judge first, then the shipped one, the workspace's files and the editor's models. `present`: ids of those that have judged it. */
export function judgeChoices({ planned, files, models, present }: {
  readonly planned: JudgeFile | null; readonly files: readonly FoundJudgeFile[]; readonly models: readonly EditorModel[]; readonly present: readonly string[];
}): Choice<JudgeChoice>[] {
  const mark = (id: string) => (present.includes(id) ? ' · has judged' : '');
  const ofFile = (file: JudgeFile, origin: string): Choice<JudgeChoice> => ({
    label: file.name, description: `${origin}${mark(judgeIdOf(file))}`, detail: describeJudge(file), value: { kind: 'file', file },
  });
  const own = planned === null ? [] : [ofFile(planned, 'as planned')];
  const others = files.filter(({ file }) => file === null || planned === null || !isSame(file, planned)).map(({ path, shownPath, file }): Choice<JudgeChoice> =>
    (file === null ? { label: shownPath, description: 'has errors', value: { kind: 'broken', path } } : ofFile(file, shownPath)));
  const ofEditor = models.map((model, index): Choice<JudgeChoice> => ({
    label: model.name, description: `${model.vendor}${mark(judgeIdOf(editorJudgeFile(model)))}`, value: { kind: 'model', model },
    ...(index === 0 ? { heading: 'The editor\'s language models: not reproducible' } : {}),
  }));
  const local: Choice<JudgeChoice> = { label: 'Local judge', description: `shipped with Plumbline${mark('local')}`, detail: 'A small model on this machine: no key, nothing is sent.', value: { kind: 'local' } };
  return [...own, local, ...others, ...ofEditor];
}

export function describeJudge(file: JudgeFile): string {
  switch (file.type) {
    case 'openai': return `${file.model} at ${file.baseUrl}`;
    case 'editor': return `${file.model}, a language model of the editor: not reproducible`;
    case 'transformers': return `${file.model}, in the trainer's process`;
  }
}

export interface Consent {
  readonly message: string;
  readonly detail: string;
}

/** What a person agrees to before answers leave the machine; null where none do. */
export function consentTo(file: JudgeFile | null, judgeName: string, estimate: JudgingEstimate): Consent | null {
  if (file === null || file.type === 'transformers' || (estimate.requests ?? 0) === 0) return null;
  const message = `Judge ${count(estimate.answers, 'answer')} with ${judgeName}?`;
  const what = `${estimateText(estimate)}.`;
  return file.type === 'openai'
    ? { message, detail: `${what}\n\nThe questions and answers are sent to ${file.baseUrl}.` }
    : { message, detail: `${what} They count against your plan with the model's provider.\n\nThe questions and answers are sent to the model through the editor. Its scores are not reproducible: the editor may change the model, and no seed is set.` };
}

function isSame(file: JudgeFile, other: JudgeFile): boolean {
  return judgeIdOf(file) === judgeIdOf(other) && judgeVersionOf(file) === judgeVersionOf(other);
}
