import { join } from 'node:path';
import * as vscode from 'vscode';
import { experimentAnswers, loadExperiment } from '../../core/analysis/loadExperimentResults';
import { keepAnswers } from '../../core/asking/keepAnswers';
import { Respondents } from '../../core/asking/respondents';
import { LocalJudgeClient } from '../../core/evaluation/judges/local/localJudgeClient';
import { readLocalJudgeInfo } from '../../core/evaluation/judges/local/localJudgeInfo';
import type { Machine } from '../../core/machine/machine';
import { installRuntime } from '../../core/machine/runtime';
import { weakJudgeWarning } from '../../core/reports/reportHeader';
import type { Message } from '../../core/schema/rows';
import type { AskForm, AskSnapshot, FromAskPage, ToAskPage } from '../../shared/askProtocol';
import { Disposable } from '../../vscode/disposable';
import { messageOf } from '../../vscode/errors';
import { log } from '../../vscode/log';
import { showInformation } from '../../vscode/messages';
import { reportError } from '../../vscode/runCommand';
import { executeCommand } from '../../vscode/executeCommand';
import { requireTrust } from '../experimentLauncher';
import { isLive, type ExperimentsModel, type WorkspaceExperiment } from '../experimentsModel';
import { newNonce, pageHtml } from '../pageHtml';
import type { PythonSource } from '../pythonSource';
import { askableModels } from './askModels';
import { Conversation } from './conversation';
import { parseFromAskPage } from './incomingMessage';

export interface AskParts {
  readonly model: ExperimentsModel;
  readonly machine: () => Promise<Machine>;
  readonly distFolder: vscode.Uri;
  readonly python: PythonSource;
}

const OTHERWISE = { samples: 2, temperature: 1, topP: 1, maxTokens: 256 };
const MOST_QUESTIONS = 500;

/** One experiment's models, asked side by side. The model stays loaded while the panel is open. */
export class AskPanel extends Disposable {
  private respondents: Respondents | null = null;
  private judge: Promise<LocalJudgeClient> | null = null;
  private conversation: Conversation | null = null;
  private asking: AbortController | null = null;
  private status = '';
  private isError = false;
  private kept: Conversation | null = null;
  private questions: readonly string[] = [];

  constructor(readonly panel: vscode.WebviewPanel, readonly experimentId: string, private readonly parts: AskParts) {
    super();
    const { webview } = panel;
    const pageFolder = vscode.Uri.joinPath(parts.distFolder, 'webview');
    webview.options = { enableScripts: true, localResourceRoots: [pageFolder] };
    this.register(webview.onDidReceiveMessage((message: unknown) => this.receive(message)));
    this.register(parts.model.onDidChange(() => { if (panel.visible) this.send(); }));
    this.register(panel.onDidDispose(() => this.dispose()));
    this.register({ dispose: () => this.letGo() });
    panel.title = `Ask: ${this.experiment?.view?.experiment.name ?? experimentId}`;
    webview.html = pageHtml({
      title: 'Plumbline: Ask', rootId: 'ask-page', cspSource: webview.cspSource,
      script: webview.asWebviewUri(vscode.Uri.joinPath(pageFolder, 'ask.js')).toString(),
      style: webview.asWebviewUri(vscode.Uri.joinPath(pageFolder, 'ask.css')).toString(),
      scriptNonce: newNonce(), styleNonce: newNonce(),
    });
  }

  private get experiment(): WorkspaceExperiment | undefined {
    return this.parts.model.find(this.experimentId);
  }

  private receive(message: unknown): void {
    const parsed = parseFromAskPage(message);
    if (parsed === undefined) return log.warn('ask: a message that was not understood');
    this.handle(parsed).catch((error: unknown) => reportError('ask', error));
  }

  private async handle(message: FromAskPage): Promise<void> {
    switch (message.type) {
      case 'ready':
        this.questions = await this.questionsOfExperiment();
        return this.send();
      case 'ask': return this.ask(message.form);
      case 'cancel': return this.asking?.abort();
      case 'keep': return this.keep();
      default: return message satisfies never;
    }
  }

  private async ask(form: AskForm): Promise<void> {
    this.asking?.abort();
    const asking = new AbortController();
    this.asking = asking;
    try {
      requireTrust();
      await this.answer(form, asking.signal);
      this.say('');
    } catch (error) {
      if (this.asking === asking) this.say(asking.signal.aborted ? 'Stopped.' : messageOf(error), !asking.signal.aborted);
    } finally {
      if (this.asking === asking) this.asking = null;
      this.send();
    }
  }

  private async answer(form: AskForm, signal: AbortSignal): Promise<void> {
    const view = this.experiment?.view;
    if (!view) throw new Error('This experiment is no longer in the workspace.');
    const models = askableModels(view).filter(({ id }) => form.models.includes(id));
    const sampler = { samplesPerQuestion: form.samples, temperature: form.temperature, topP: form.topP, maxTokens: form.maxTokens, seed: Math.floor(Math.random() * 2 ** 31) };
    const conversation = new Conversation(form, models, sampler);
    this.conversation = conversation;
    this.say(this.respondents?.isAlive ? 'Answering…' : 'Loading the model…');
    const respondents = await this.loaded();
    signal.throwIfAborted();
    const judging: Promise<void>[] = [];
    const system: Message[] = form.system.trim() === '' ? [] : [{ role: 'system', content: form.system }];
    await respondents.ask({ respondents: models, messages: [...system, { role: 'user', content: form.question }], sampler }, (answer) => {
      conversation.add(answer);
      this.say('Answering…');
      if (conversation.unjudged(answer.model).length === form.samples) judging.push(this.judgeAnswers(conversation, answer.model));
    }, signal);
    this.say('Judging…');
    await Promise.all(judging);
  }

  private async judgeAnswers(conversation: Conversation, model: string): Promise<void> {
    const answers = conversation.unjudged(model);
    const judge = await this.localJudge();
    const verdicts = await judge.judge(answers.map(({ answer }) => ({ question: conversation.form.question, answer })));
    conversation.judged(model, answers, verdicts);
    this.send();
  }

  private async loaded(): Promise<Respondents> {
    if (this.respondents?.isAlive) return this.respondents;
    const experiment = this.experiment?.view?.experiment;
    if (!experiment?.model) throw new Error('It is not known which model gave these answers.');
    const { path } = await this.parts.python.require();
    const runtime = await installRuntime(this.parts.distFolder.fsPath, (await this.parts.machine()).storage);
    this.respondents = Respondents.start({ python: path, trainerFolder: runtime.trainerFolder, modelPath: experiment.model.path });
    return this.respondents;
  }

  private localJudge(): Promise<LocalJudgeClient> {
    const folder = this.parts.distFolder.fsPath;
    this.judge ??= LocalJudgeClient.load(join(folder, 'localJudgeWorker.js'), join(folder, 'judge'));
    return this.judge;
  }

  private async keep(): Promise<void> {
    const { conversation, experiment } = this;
    const model = experiment?.view?.experiment.model;
    if (!conversation?.hasAnswers || !experiment || !model) return;
    const { id, version } = await this.localJudge();
    const kept = await keepAnswers(experiment.store, conversation.asked({ model, judge: { id, version } }));
    this.kept = conversation;
    this.send();
    await this.parts.model.refresh();
    const picked = await showInformation(`Kept as "${kept.name}".`, 'Open Plot', 'Show Generations');
    const target = { target: { kind: 'experiment', experimentId: kept.id } };
    if (picked === 'Open Plot') await executeCommand('plumbline.openPlot', target);
    if (picked === 'Show Generations') await executeCommand('plumbline.showGenerations', target);
  }

  private async questionsOfExperiment(): Promise<string[]> {
    const { experiment } = this;
    if (!experiment?.view) return [];
    const answers = experimentAnswers(await loadExperiment(experiment.store.root, experiment.id));
    return [...new Set(answers.filter(({ generation }) => generation.form === 'plain').map(({ generation }) => generation.question))].slice(0, MOST_QUESTIONS);
  }

  private say(status: string, isError = false): void {
    this.status = status;
    this.isError = isError;
    this.send();
  }

  private send(): void {
    this.post().catch((error: unknown) => log.error(`ask: ${String(error)}`));
  }

  private async post(): Promise<void> {
    const { experiment, conversation } = this;
    if (this.isDisposed) return;
    const view = experiment?.view;
    const sampler = view?.experiment.sampler;
    const judge = await readLocalJudgeInfo(join(this.parts.distFolder.fsPath, 'judge'));
    const snapshot: AskSnapshot = {
      experimentId: this.experimentId,
      title: view?.experiment.name ?? this.experimentId,
      models: view ? askableModels(view).map(({ id, name }) => ({ id, name })) : [],
      questions: this.questions,
      defaults: sampler ? { samples: OTHERWISE.samples, temperature: sampler.temperature, topP: sampler.topP, maxTokens: sampler.maxTokens } : OTHERWISE,
      question: conversation?.form.question ?? null,
      columns: conversation?.columns() ?? [],
      status: this.status, isBusy: this.asking !== null, isError: this.isError,
      canKeep: this.asking === null && conversation !== null && conversation.hasAnswers && this.kept !== conversation,
      warnings: [
        ...(this.parts.model.experiments.some(isLive) ? ['A run is at work on this machine: both it and the answers here take longer.'] : []),
        ...(judge.weak ? [weakJudgeWarning(judge)] : []),
      ],
    };
    const message: ToAskPage = { type: 'snapshot', snapshot };
    void this.panel.webview.postMessage(message);
  }

  private letGo(): void {
    this.asking?.abort();
    this.respondents?.dispose();
    void this.judge?.then((judge) => judge.dispose());
  }
}
