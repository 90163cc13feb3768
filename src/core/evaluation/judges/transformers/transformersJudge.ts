import type { TransformersJudgeFile } from '../../../schema/judgeFile';
import type { Judge } from '../../judge';
import { JudgeError } from '../../judgeError';

/** A local causal model that is asked in the trainer's process, over its own logits. The trainer has no such command yet: asking for it says so. */
export function transformersJudge({ name, model }: TransformersJudgeFile): Judge {
  throw new JudgeError('not-here', `The judge "${name}" asks ${model} in the trainer's process, by "python -m plumbline_trainer judge --judge FILE.judge.json RUN_FOLDER". `
    + 'This version of the trainer does not have that command yet. Until then serve the model behind an OpenAI-compatible endpoint, and use a judge of type "openai".');
}
