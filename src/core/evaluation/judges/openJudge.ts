import type { JudgeFile } from '../../schema/judgeFile';
import type { Judge } from '../judge';
import { JudgeError } from '../judgeError';
import { openaiJudge } from './openai/openaiJudge';
import { TransformersJudge, type TrainerProcess } from './transformers/transformersJudge';

export interface JudgeParts {
  /** The key of the endpoint, from wherever keys are kept; null where there is none. */
  readonly key: string | null;
  /** Where replies are kept, so that none is paid for twice. */
  readonly repliesFolder: string;
  /** How the trainer is started, for a judge that runs in it. */
  readonly trainer: () => Promise<TrainerProcess>;
}

/** The judge of a judge file. Throws a JudgeError where it cannot work here. */
export function openJudge(file: JudgeFile, { key, repliesFolder, trainer }: JudgeParts): Judge {
  switch (file.type) {
    case 'openai':
      if (key === null && file.keyVariable !== null) {
        throw new JudgeError('key', `The judge "${file.name}" needs a key for ${file.baseUrl}. Set the environment variable ${file.keyVariable}; "keyVariable" in the judge file names another, or none with null.`);
      }
      return openaiJudge(file, { key: file.keyVariable === null ? null : key, repliesFolder });
    case 'editor':
      throw new JudgeError('not-here', `The judge "${file.name}" is a language model of the editor. Judge with it there, by the command "Plumbline: Judge with…".`);
    case 'transformers':
      return new TransformersJudge(file, trainer);
  }
}
