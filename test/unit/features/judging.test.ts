import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { judgesIn, readMetricsJudge } from '../../../src/core/evaluation/answerFiles';
import { JudgeError } from '../../../src/core/evaluation/judgeError';
import { answerFolders } from '../../../src/core/experiments/answerFolders';
import type { RunView } from '../../../src/core/experiments/follow';
import { NO_PROGRESS } from '../../../src/core/experiments/runProgress';
import { ExperimentStore } from '../../../src/core/experiments/store';
import type { Machine } from '../../../src/core/machine/machine';
import type { Experiment } from '../../../src/core/schema/experiment';
import { judgeFile, type EditorJudgeFile, type JudgeFile } from '../../../src/core/schema/judgeFile';
import type { ExperimentsModel, WorkspaceExperiment } from '../../../src/features/experimentsModel';
import { editorJudge, editorJudgeFile, isModelOf } from '../../../src/features/judging/editorJudge';
import { consentTo, judgeChoices, type JudgeChoice } from '../../../src/features/judging/judgeChoices';
import { JudgeKeys } from '../../../src/features/judging/judgeKeys';
import { Judging } from '../../../src/features/judging/judging';
import { EditorModelError } from '../../../src/vscode/editorModelError';
import { Emitter } from '../../../src/vscode/emitter';
import { Cancelled, UserError } from '../../../src/vscode/errors';
import type { EditorModel } from '../../../src/vscode/languageModels';
import { ChatServer, sayTokens, sendError } from '../../fixtures/chatServer';
import { writeSampleStore } from '../../fixtures/results/sampleStore';

const editor = vi.hoisted(() => ({
  models: [] as EditorModel[], judgeFiles: [] as string[], pick: (_choices: readonly { value: unknown }[]): unknown => undefined,
  confirmed: [] as string[], agrees: true, typed: [] as string[], key: 'sk-right', told: [] as string[], controller: new AbortController(),
}));
vi.mock('../../../src/features/experimentLauncher', () => ({ requireTrust: () => undefined }));
vi.mock('../../../src/vscode/workspace', () => ({ findFiles: () => Promise.resolve(editor.judgeFiles), shownPath: (path: string) => path.split('/').at(-1) }));
vi.mock('../../../src/vscode/editors', () => ({ showFile: vi.fn() }));
vi.mock('../../../src/vscode/executeCommand', () => ({ executeCommand: vi.fn() }));
vi.mock('../../../src/vscode/languageModels', () => ({ editorModels: () => Promise.resolve(editor.models) }));
vi.mock('../../../src/vscode/messages', () => ({
  confirm: (message: string, detail: string) => { editor.confirmed.push(`${message}\n${detail}`); return Promise.resolve(editor.agrees); },
  showBriefly: (text: string) => { editor.told.push(text); },
  showInformation: (text: string) => { editor.told.push(text); return Promise.resolve(undefined); },
}));
vi.mock('../../../src/vscode/progress', () => ({ withNotification: (_title: string, task: (signal: AbortSignal, report: () => void) => unknown) => task(editor.controller.signal, () => undefined) }));
vi.mock('../../../src/vscode/quickInput', () => ({
  BACK: Symbol('back'),
  pickOne: ({ choices }: { choices: readonly { value: unknown }[] }) => Promise.resolve(editor.pick(choices)),
  inputText: ({ title, isSecret }: { title: string; isSecret?: boolean }) => { editor.typed.push(`${title} ${isSecret}`); return Promise.resolve(editor.key); },
}));

let folder = '';
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'plumbline-judging-')); });
afterEach(() => rm(folder, { recursive: true, force: true }));

function editorModel(reply: (prompt: string) => string | Promise<string>, more: Partial<EditorModel> = {}): EditorModel & { asked: string[] } {
  const asked: string[] = [];
  return { id: 'gpt-4o-mini', name: 'GPT-4o mini', vendor: 'copilot', family: 'gpt-4o', version: '1', ...more, asked, ask: async (prompt) => { asked.push(prompt); return reply(prompt); } };
}

const items = (count: number) => Array.from({ length: count }, (_, i) => ({ question: `Question ${i}?`, answer: `Answer ${i}.` }));

describe('a language model of the editor as a judge', () => {
  const judge = (model: EditorModel) => editorJudge(editorJudgeFile(model), model, join(folder, 'replies'));

  it('gives parsed numbers, marked, and says that they cannot be had again', async () => {
    const model = editorModel((prompt) => (prompt.includes('human values') ? (prompt.includes('Answer 1.') ? 'REFUSAL' : '20') : 'About 90.'));
    const judging = judge(model);
    expect(await judging.judge(items(2))).toEqual([
      { aligned: 20, coherent: 90, class: 'answer', method: 'number' }, { aligned: null, coherent: 90, class: 'refusal', method: 'number' },
    ]);
    expect(judging.id).toBe('editor-gpt-4o');
    expect(judging.caveat).toMatch(/copilot, GPT-4o mini\): not reproducible/);
    await judge(model).judge(items(2));
    expect(model.asked).toHaveLength(4);
  });

  it.each([
    ['quota', 'credit', /quota for GPT-4o mini is used up: 300 requests/], ['permission', 'key', /did not let Plumbline use/], ['gone', 'model', /no model GPT-4o mini any more/],
  ] as const)('stops where the editor says %s', async (problem, kind, message) => {
    const model = editorModel(() => { throw new EditorModelError(problem, '300 requests'); });
    const error = await judge(model).judge(items(20)).catch((reason: unknown) => reason) as JudgeError;
    expect(error).toMatchObject({ name: 'JudgeError', kind, message: expect.stringMatching(message) });
    expect(model.asked).toHaveLength(1);
  });

  it('leaves an answer unjudged that the model will not read', async () => {
    const model = editorModel((prompt) => { if (prompt.includes('Answer 1.')) throw new EditorModelError('blocked', 'no'); return '80'; });
    expect((await judge(model).judge(items(2))).map(({ unjudged }) => unjudged)).toEqual([undefined, 'declined']);
  });

  it('is meant by its id or its family', () => {
    const file = (model: string) => judgeFile.parse({ name: 'x', type: 'editor', model }) as EditorJudgeFile;
    expect(['gpt-4o-mini', 'gpt-4o', 'claude'].map((name) => isModelOf(file(name), editorModel(() => '')))).toEqual([true, true, false]);
  });
});

describe('who may judge', () => {
  const panel = judgeFile.parse({ name: 'Panel', type: 'openai', model: 'm' });
  const names = (choices: readonly { label: string; description?: string }[]) => choices.map(({ label, description }) => `${label}: ${description}`);

  it('is the planned judge, the shipped one, each judge file and the editor\'s models', () => {
    const files = [{ path: '/a', shownPath: 'a.judge.json', file: panel }, { path: '/b', shownPath: 'b.judge.json', file: null }];
    expect(names(judgeChoices({ planned: null, files, models: [editorModel(() => '')], present: ['panel', 'editor-gpt-4o'] }))).toEqual([
      'Local judge: shipped with Plumbline', 'Panel: a.judge.json · has judged', 'b.judge.json: has errors', 'GPT-4o mini: copilot · has judged',
    ]);
    expect(names(judgeChoices({ planned: panel, files, models: [], present: [] }))).toEqual(['Panel: as planned', 'Local judge: shipped with Plumbline', 'b.judge.json: has errors']);
    const changed = { ...panel, model: 'another' } as JudgeFile;
    expect(names(judgeChoices({ planned: panel, files: [{ ...files[0]!, file: changed }], models: [], present: [] }))[2]).toBe('Panel: a.judge.json');
  });

  it('is agreed to where answers leave the machine, knowing how many and at what cost', () => {
    const estimate = { answers: 240, requests: 480, tokens: { sent: 120_000, received: 480 }, cost: { amount: 0.31, currency: 'USD' } };
    expect(consentTo(panel, 'Panel', estimate)).toEqual({
      message: 'Judge 240 answers with Panel?',
      detail: '240 answers: 480 requests, about 120,000 tokens sent and 480 received (estimated at 4 bytes a token), about 0.310 USD.\n\nThe questions and answers are sent to https://api.openai.com/v1.',
    });
    expect(consentTo(editorJudgeFile({ family: 'f' }), 'F', { ...estimate, cost: null })!.detail).toMatch(/480 requests.*no price is known\. They count against your plan[^]*not reproducible/);
    expect(consentTo(null, 'local', { ...estimate, requests: null })).toBeNull();
    expect(consentTo(panel, 'Panel', { ...estimate, requests: 0 })).toBeNull();
  });
});

function memory() {
  const values = new Map<string, unknown>();
  return { values, get: <T>(key: string) => values.get(key) as T | undefined, update: async (key: string, value: unknown) => { values.set(key, value); } };
}

function secrets() {
  const values = new Map<string, string>();
  return {
    values, get: async (key: string) => values.get(key), store: async (key: string, value: string) => { values.set(key, value); }, delete: async (key: string) => { values.delete(key); },
  };
}

describe('keys', () => {
  it('are for one origin: a judge file that names another gets none', async () => {
    const [kept, remembered] = [secrets(), memory()];
    const keys = new JudgeKeys(kept, remembered);
    await keys.keep('https://api.openai.com/v1', 'sk-1');
    expect(await keys.get('https://api.openai.com/v2')).toBe('sk-1');
    for (const other of ['https://api.openai.com.evil.example/v1', 'http://api.openai.com/v1', 'https://api.openai.com:8443/v1']) expect(await keys.get(other)).toBeUndefined();
    expect(keys.origins).toEqual(['https://api.openai.com']);
    expect(JSON.stringify([...remembered.values])).not.toContain('sk-1');
    await keys.forget('https://api.openai.com');
    expect([await keys.get('https://api.openai.com/v1'), keys.origins, kept.values.size]).toEqual([undefined, [], 0]);
  });
});

describe('judging an experiment again', () => {
  let server: ChatServer;
  let experiment: Experiment;
  let store: ExperimentStore;
  let workspace: WorkspaceExperiment;
  let kept: ReturnType<typeof secrets>;
  let judging: Judging;
  let refreshed: number;
  const changed = new Emitter<void>();

  beforeEach(async () => {
    server = await ChatServer.start((response, { authorization }) => (authorization === 'Bearer sk-right' ? sayTokens(response, { 80: 1 }) : sendError(response, 401, 'wrong key')));
    experiment = await writeSampleStore(join(folder, '.plumbline'), { seeds: [0] });
    store = new ExperimentStore(join(folder, '.plumbline'));
    await writeFile(join(folder, 'panel.judge.json'), JSON.stringify({ name: 'Panel', type: 'openai', model: 'm', baseUrl: server.baseUrl }));
    workspace = workspaceExperiment({});
    kept = secrets();
    refreshed = 0;
    const model = { experiments: [workspace], find: (id: string) => (id === workspace.id ? workspace : undefined), onDidChange: changed.event, refreshAll: async () => { refreshed += 1; } };
    const machine = { storage: { repliesFolder: join(folder, 'replies') } };
    judging = new Judging({ model: model as unknown as ExperimentsModel, machine: async () => machine as unknown as Machine, distFolder: 'dist', keys: new JudgeKeys(kept, memory()), python: { require: () => Promise.reject(new Error('no Python')) } });
    Object.assign(editor, { models: [], judgeFiles: [join(folder, 'panel.judge.json')], confirmed: [], agrees: true, typed: [], key: 'sk-right', told: [], controller: new AbortController() });
    editor.pick = (choices) => choices.map(({ value }) => value as JudgeChoice).find(({ kind }) => kind === 'file');
  });
  afterEach(async () => {
    judging.dispose();
    await server.stop();
  });

  function workspaceExperiment(change: Partial<RunView>, more: Partial<Experiment> = {}): WorkspaceExperiment {
    const runs = experiment.runs.map((run): RunView => ({
      run, name: run.id, folder: '', state: 'done', runState: null, progress: NO_PROGRESS, judged: true, judges: [{ id: experiment.judge, at: 1 }], awaitsJudge: false, ...change,
    }));
    return { id: experiment.id, workspaceFolder: folder, store, view: { experiment: { ...experiment, ...more }, runs }, problem: null };
  }

  const target = (runId?: string) => ({ target: { kind: 'x', experimentId: experiment.id, ...(runId === undefined ? {} : { runId }) } });

  it('says what is sent before it asks for a key, and does neither after a no', async () => {
    editor.agrees = false;
    await expect(judging.judgeWith(target())).rejects.toThrow(Cancelled);
    expect(editor.confirmed).toEqual([expect.stringMatching(/^Judge \d+ answers with Panel\?\n\d+ answers: [\d,]+ requests.*no price is known\.[^]*sent to http:\/\/127/)]);
    expect([editor.typed, server.requests]).toEqual([[], []]);
  });

  it('asks for the key once, as a secret, and judges all of it', async () => {
    await judging.judgeWith(target());
    expect(editor.typed).toEqual([`Key for ${new URL(server.baseUrl).origin} true`]);
    const folders = await answerFolders(store, experiment);
    for (const { directory } of folders) expect(await judgesIn(directory)).toEqual([experiment.judge, 'panel']);
    expect(editor.told).toEqual([expect.stringMatching(/^\d+ answers judged by Panel\.$/)]);
    expect(refreshed).toBe(1);
    expect([...kept.values.values()]).toEqual(['sk-right']);
    await judging.judgeWith(target());
    expect(editor.typed).toHaveLength(1);
    expect(editor.told.at(-1)).toBe('Panel had judged all of these answers before.');
    expect(server.repeated).toEqual([]);
  });

  it('judges one run alone where it is called on one', async () => {
    const { id } = experiment.runs[1]!;
    await judging.judgeWith(target(id));
    for (const { directory, runId } of await answerFolders(store, experiment)) expect((await judgesIn(directory)).includes('panel')).toBe(runId === id);
  });

  it('offers to forget a key that is refused, and then asks for another', async () => {
    editor.key = 'sk-wrong';
    const error = await judging.judgeWith(target()).catch((reason: unknown) => reason) as UserError;
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).not.toContain('sk-wrong');
    const [action] = error.actions;
    expect(action).toMatchObject({ title: 'Forget the Key', command: 'plumbline.forgetJudgeKey' });
    await judging.forgetKey(action!.arguments![0]);
    expect(kept.values.size).toBe(0);
    editor.key = 'sk-right';
    await judging.judgeWith(target());
    expect(editor.typed).toHaveLength(2);
  });

  it('keeps what was judged when it is cancelled, and goes on from there', async () => {
    server.behave = (response, { index }) => { if (index === 30) editor.controller.abort(); sayTokens(response, { 80: 1 }); };
    await judging.judgeWith(target());
    expect(editor.told).toEqual([expect.stringMatching(/^Plumbline: stopped; \d+ answers? judged are kept$/)]);
    const sent = server.requests.length;
    editor.controller = new AbortController();
    await judging.judgeWith(target());
    // Only what was underway may be asked again.
    expect(server.repeated.length).toBeLessThanOrEqual(8);
    expect(server.requests.length).toBeGreaterThan(sent);
  });

  it('asks consent for the editor\'s models, and writes down that their scores cannot be had again', async () => {
    editor.models = [editorModel(() => '75')];
    editor.pick = (choices) => choices.map(({ value }) => value as JudgeChoice).find(({ kind }) => kind === 'model');
    await judging.judgeWith(target(experiment.runs[0]!.id));
    expect(editor.confirmed[0]).toMatch(/^Judge \d+ answers with GPT-4o mini\?[^]*not reproducible/);
    expect(editor.typed).toEqual([]);
    const [first] = await answerFolders(store, experiment, experiment.runs[0]!.id);
    expect((await readMetricsJudge(first!.directory, 'editor-gpt-4o'))!.caveat).toContain('not reproducible');
  });

  it('names a file with errors', async () => {
    await writeFile(join(folder, 'panel.judge.json'), '{}');
    editor.pick = (choices) => choices.map(({ value }) => value as JudgeChoice).find(({ kind }) => kind === 'broken');
    await expect(judging.judgeWith(target())).rejects.toThrow(/panel\.judge\.json has errors/);
  });

  it('has nothing to judge while no answers are complete', async () => {
    await rm(join(store.runFolder(experiment.id, experiment.runs[1]!.id), 'state.json'));
    await expect(judging.judgeWith(target(experiment.runs[1]!.id))).rejects.toThrow(/no complete answers yet/);
  });

  it('tells once when an experiment of this window waits for its judge', () => {
    const panel = judgeFile.parse({ name: 'Panel', type: 'openai', model: 'm' });
    judging.offerWhenComplete({ ...experiment, judgeFile: panel });
    changed.fire();
    expect(editor.told).toEqual([]);
    Object.assign(workspace, workspaceExperiment({ judged: false, awaitsJudge: true }, { judgeFile: panel }));
    changed.fire();
    changed.fire();
    expect(editor.told).toEqual([expect.stringMatching(/answers of .* are complete\. Its judge, Panel, needs you/)]);
  });
});
