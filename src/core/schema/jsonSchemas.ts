import { z } from 'zod';
import { defenseFile } from './defenses';
import { evaluationSpec } from './evaluation';
import { experimentFile } from './experimentFile';
import { writtenJudgeFile } from './judgeFile';
import { personaFile } from './personaFile';
import { questionSetFile } from './questions';
import { runSpec } from './run';

function jsonSchema(schema: z.ZodType, title: string, io: 'input' | 'output') {
  return { ...z.toJSONSchema(schema, { target: 'draft-7', io }), title };
}

/** The JSON Schemas that are generated and committed, by file name without `.schema.json`. */
export const generatedJsonSchemas = {
  defense: jsonSchema(defenseFile, 'Plumbline defense stack', 'input'),
  experiment: jsonSchema(experimentFile, 'Plumbline experiment', 'input'),
  judge: jsonSchema(writtenJudgeFile, 'Plumbline judge', 'input'),
  persona: jsonSchema(personaFile, 'Plumbline persona', 'input'),
  questions: jsonSchema(questionSetFile, 'Plumbline question set', 'input'),
  run: jsonSchema(runSpec, 'Plumbline run spec', 'output'),
  evaluation: jsonSchema(evaluationSpec, 'Plumbline evaluation', 'output'),
} as const;

/** Those that the trainer checks its input against. */
export const trainerJsonSchemas = ['run', 'evaluation'] as const;
