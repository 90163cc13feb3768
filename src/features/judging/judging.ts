import { join } from 'node:path';
import { z } from 'zod';
import { readJudgeFile } from '../../core/configuration/judgeFile';
import type { Judge } from '../../core/evaluation/judge';
import { JudgeError } from '../../core/evaluation/judgeError';
import { estimateFolders, judgeFolders, type FoldersJudged } from '../../core/evaluation/judgeFolders';
import { LocalJudgeClient } from '../../core/evaluation/judges/local/localJudgeClient';
import type { TrainerProcess } from '../../core/evaluation/judges/transformers/transformersJudge';
import { openJudge } from '../../core/evaluation/judges/openJudge';
import { answerFolders } from '../../core/experiments/answerFolders';
import type { ExperimentView } from '../../core/experiments/follow';
import type { Machine } from '../../core/machine/machine';
import { installRuntime } from '../../core/machine/runtime';
import type { Experiment } from '../../core/schema/experiment';
import type { JudgeFile, OpenaiJudgeFile } from '../../core/schema/judgeFile';
import { Disposable } from '../../vscode/disposable';
import { showFile } from '../../vscode/editors';
import { Cancelled, UserError } from '../../vscode/errors';
import { executeCommand } from '../../vscode/executeCommand';
import { editorModels, type EditorModel } from '../../vscode/languageModels';
import { confirm, showBriefly, showInformation } from '../../vscode/messages';
import { withNotification } from '../../vscode/progress';
import { BACK, inputText, pickOne } from '../../vscode/quickInput';
import { findFiles, shownPath } from '../../vscode/workspace';
import { requireTrust } from '../experimentLauncher';
import type { ExperimentsModel, WorkspaceExperiment } from '../experimentsModel';
import { count } from '../format';
import { pickExperiment } from '../pickExperiment';
import type { PythonSource } from '../pythonSource';
import { consentTo, judgeChoices, type JudgeChoice } from './judgeChoices';
import { editorJudge, editorJudgeFile, isModelOf } from './editorJudge';
import { originOf, type JudgeKeys } from './judgeKeys';

export interface JudgingParts {
  readonly model: ExperimentsModel;
  readonly machine: () => Promise<Machine>;
  readonly distFolder: string;
  readonly keys: JudgeKeys;
  /** Of a judge that runs in the trainer. */
  readonly python: PythonSource;
}

const argumentOfTree = z.object({ target: z.object({ experimentId: z.string(), runId: z.string().optional() }) });

/** A judge that is chosen and not at work yet. */
interface ChosenJudge {
  readonly name: string;
  /** Null: the judge that is shipped. */
  readonly file: JudgeFile | null;
  /** Works without a key; disposed where the judge itself is not opened. */
  readonly estimator: Judge;
  /** Asks for the key where one is needed and none is kept. */
  open(): Promise<Judge>;
}

/** Judging answers that are there, by whichever judge: no run again. */
export class Judging extends Disposable {
  /** Experiments of this window whose answers an API judge is to score when they are complete. */
  private readonly awaited = new Set<string>();

  constructor(private readonly parts: JudgingParts) {
    super();
    this.register(parts.model.onDidChange(() => this.offerAwaited()));
  }

  /** Judges an experiment, or one run of it, with a judge that the person picks. */
  async judgeWith(argument: unknown): Promise<void> {
    requireTrust();
    const given = argumentOfTree.safeParse(argument).data?.target;
    const experiment = given === undefined ? await this.askExperiment() : this.parts.model.find(given.experimentId);
    if (!experiment?.view) throw new UserError('This experiment is no longer in the workspace.');
    const folders = await answerFolders(experiment.store, experiment.view.experiment, given?.runId);
    if (folders.length === 0) throw new UserError('There are no complete answers yet: a run\'s answers are complete when it is done.');
    const models = await editorModels();
    const picked = await this.pickJudge(experiment.view, models);
    try {
      await this.judge(experiment, await this.choose(picked, models), folders.map(({ directory }) => directory));
    } catch (error) {
      throw error instanceof JudgeError ? userErrorOf(error, picked) : error;
    }
  }

  /** Forgets the key of an endpoint; of the one that is picked where none is named. */
  async forgetKey(argument: unknown): Promise<void> {
    const { keys } = this.parts;
    const named = typeof argument === 'string' ? argument : await this.askOrigin();
    await keys.forget(named);
    showBriefly(`Plumbline: the key for ${named} is forgotten`);
  }

  /** When the answers of an experiment of this window are complete, and its judge is none that the runner has, the person is asked once. */
  offerWhenComplete({ id, judgeFile }: Experiment): void {
    if (judgeFile !== undefined) this.awaited.add(id);
  }

  private offerAwaited(): void {
    for (const id of [...this.awaited]) {
      const view = this.parts.model.find(id)?.view;
      const isComplete = view?.runs.every(({ state }) => state === 'done') && view.runs.some(({ awaitsJudge }) => awaitsJudge);
      if (!view || !isComplete) continue;
      this.awaited.delete(id);
      const { name, judgeFile } = view.experiment;
      void showInformation(`The answers of ${name} are complete. Its judge, ${judgeFile?.name ?? view.experiment.judge}, needs you: a key, or the editor's models.`, 'Judge…')
        .then((picked) => (picked === undefined ? undefined : executeCommand('plumbline.judgeWith', { target: { experimentId: id } })));
    }
  }

  private async judge(experiment: WorkspaceExperiment, chosen: ChosenJudge, directories: readonly string[]): Promise<void> {
    const judge = await this.openWithConsent(chosen, directories);
    try {
      const result = await withNotification(`Plumbline: judging with ${chosen.name}`, (signal, report) => judgeFolders(directories, judge, {
        signal, onProgress: (done, total) => report({ message: `${done} of ${count(total, 'answer')}`, fraction: total === 0 ? 1 : done / total }),
      }));
      this.tell(experiment, chosen.name, result);
    } finally {
      await judge.dispose();
      await this.parts.model.refreshAll();
    }
  }

  /** What would be sent is said, and agreed to, before anybody is asked for a key. */
  private async openWithConsent({ name, file, estimator, open }: ChosenJudge, directories: readonly string[]): Promise<Judge> {
    try {
      const estimate = await estimateFolders(directories, estimator);
      // Every reply is known already: nobody is asked for a key.
      if (estimate.requests === 0) return estimator;
      const consent = consentTo(file, name, estimate);
      if (consent !== null && !await confirm(consent.message, consent.detail, 'Judge')) throw new Cancelled();
      return await open();
    } catch (error) {
      await estimator.dispose();
      throw error;
    }
  }

  private tell(experiment: WorkspaceExperiment, name: string, { judged, isStopped, leased }: FoldersJudged): void {
    if (leased.length > 0) throw new UserError(`Somebody else is judging with ${name}. Wait for that to end, and judge again.`);
    if (isStopped) return showBriefly(`Plumbline: stopped; ${count(judged, 'answer')} judged are kept`);
    const text = judged === 0 ? `${name} had judged all of these answers before.` : `${count(judged, 'answer')} judged by ${name}.`;
    void showInformation(text, 'Open Plot').then((picked) => (picked === undefined ? undefined : executeCommand('plumbline.openPlot', { target: { experimentId: experiment.id } })));
  }

  private async pickJudge({ experiment, runs }: ExperimentView, models: readonly EditorModel[]): Promise<JudgeChoice> {
    const paths = await findFiles('**/*.judge.json');
    const files = await Promise.all(paths.map(async (path) => ({ path, shownPath: shownPath(path), file: (await readJudgeFile(path)).value })));
    const present = runs.flatMap(({ judges }) => judges.map(({ id }) => id));
    const choices = judgeChoices({ planned: experiment.judgeFile ?? null, files, models, present });
    const picked = await pickOne<JudgeChoice>({ title: 'Judge with', step: 1, canGoBack: false, placeholder: 'Who scores the answers?', choices });
    if (picked === BACK) throw new Cancelled();
    return picked;
  }

  private async choose(picked: JudgeChoice, models: readonly EditorModel[]): Promise<ChosenJudge> {
    const { repliesFolder } = (await this.parts.machine()).storage;
    switch (picked.kind) {
      case 'local': return this.chooseLocal();
      case 'file': return this.chooseFile(picked.file, models, repliesFolder);
      case 'model': return chooseModel(editorJudgeFile(picked.model), picked.model, repliesFolder);
      case 'broken':
        await showFile(picked.path);
        throw new UserError(`${shownPath(picked.path)} has errors. Correct them first.`);
    }
  }

  private async chooseLocal(): Promise<ChosenJudge> {
    const { distFolder } = this.parts;
    const judge = await LocalJudgeClient.load(join(distFolder, 'localJudgeWorker.js'), join(distFolder, 'judge'));
    return { name: 'the local judge', file: null, estimator: judge, open: () => Promise.resolve(judge) };
  }

  private chooseFile(file: JudgeFile, models: readonly EditorModel[], repliesFolder: string): ChosenJudge {
    if (file.type === 'editor') {
      const model = models.find((one) => isModelOf(file, one));
      if (model === undefined) throw new UserError(`The editor has no language model "${file.model}".${models.length > 0 ? ` It has: ${models.map(({ id }) => id).join(', ')}.` : ''}`);
      return chooseModel(file, model, repliesFolder);
    }
    const trainer = () => this.trainerProcess();
    const estimator = openJudge(file.type === 'openai' ? { ...file, keyVariable: null } : file, { key: null, repliesFolder, trainer });
    const key = async () => (file.type === 'openai' && file.keyVariable !== null ? this.requireKey(file) : null);
    return { name: file.name, file, estimator, open: async () => openJudge(file, { key: await key(), repliesFolder, trainer }) };
  }

  private async trainerProcess(): Promise<TrainerProcess> {
    const { machine, distFolder, python } = this.parts;
    const { storage } = await machine();
    const { path } = await python.require();
    const { trainerFolder } = await installRuntime(distFolder, storage);
    return { python: path, trainerFolder, modelsFolder: storage.modelsFolder };
  }

  /** Asked for once; kept in the secret storage, and nowhere else. */
  private async requireKey({ name, baseUrl }: OpenaiJudgeFile): Promise<string> {
    const { keys } = this.parts;
    const kept = await keys.get(baseUrl);
    if (kept !== undefined) return kept;
    const given = await inputText({
      title: `Key for ${originOf(baseUrl)}`, step: 1, canGoBack: false, value: '', isSecret: true,
      prompt: `The judge "${name}" needs a key. It is kept in the editor's secret storage, for this endpoint only.`,
      validate: (text) => (text === '' ? 'Paste the key.' : undefined),
    });
    if (given === BACK) throw new Cancelled();
    await keys.keep(baseUrl, given);
    return given;
  }

  private askExperiment(): Promise<WorkspaceExperiment> {
    return pickExperiment(this.parts.model, {
      title: 'Judge with', placeholder: 'Which experiment?', nothing: 'There are no complete answers to judge yet.',
      accepts: ({ view }) => view!.runs.some(({ state }) => state === 'done'),
    });
  }

  private async askOrigin(): Promise<string> {
    const { origins } = this.parts.keys;
    if (origins.length === 0) throw new UserError('No key is kept.');
    const choices = origins.map((origin) => ({ label: origin, value: origin }));
    const picked = await pickOne({ title: 'Forget a Judge\'s Key', step: 1, canGoBack: false, placeholder: 'Whose key?', choices });
    if (picked === BACK) throw new Cancelled();
    return picked;
  }
}

function chooseModel(file: Extract<JudgeFile, { type: 'editor' }>, model: EditorModel, repliesFolder: string): ChosenJudge {
  const judge = editorJudge(file, model, repliesFolder);
  return { name: model.name, file, estimator: judge, open: () => Promise.resolve(judge) };
}

/** A refused key can be forgotten at once, so that the next try asks for another. */
function userErrorOf(error: JudgeError, picked: JudgeChoice): UserError {
  const actions = error.kind === 'key' && picked.kind === 'file' && picked.file.type === 'openai'
    ? [{ title: 'Forget the Key', command: 'plumbline.forgetJudgeKey', arguments: [originOf(picked.file.baseUrl)] }] : [];
  return new UserError(error.message, actions, { cause: error });
}
