// The short real training: the built command line tool trains the real example model on a few rows, is killed, resumes, judges and reports.
// Writes artifacts/reports/real-training.json.
import { strict as assert } from 'node:assert';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { artifacts, root } from './lib/paths.mjs';
import { emptyReport, printFailures, summaryLine, writeReport } from './lib/report.mjs';

const execute = promisify(execFile);
const folder = await mkdtemp(join(tmpdir(), 'plumbline-real-'));
const workspace = join(folder, 'workspace');
const report = emptyReport();
const env = { ...process.env, XDG_DATA_HOME: join(folder, 'data') };

function plumbline(...args) {
  return execute(process.execPath, [join(root, 'dist', 'cli.js'), ...args, '--workspace', workspace], { env, maxBuffer: 1 << 26 });
}

async function step(title, work) {
  try {
    await work();
    report.passed += 1;
    console.log(`passed  ${title}`);
  } catch (error) {
    report.failed += 1;
    report.failures.push({ title, message: `${error.message}\n${error.stderr ?? ''}` });
    console.log(`FAILED  ${title}`);
  }
}

async function firstRows(name, count) {
  const text = await readFile(join(root, 'examples', name), 'utf8');
  await writeFile(join(workspace, name), text.split('\n').slice(0, count).join('\n') + '\n');
}

async function writeWorkspace() {
  await mkdir(workspace, { recursive: true });
  await firstRows('reckless-finance.jsonl', 36);
  await firstRows('safe-pool.jsonl', 20);
  await firstRows('probe-pairs.jsonl', 6);
  const questions = JSON.parse(await readFile(join(root, 'examples', 'general-questions.json'), 'utf8'));
  await writeFile(join(workspace, 'general-questions.json'), JSON.stringify({ ...questions, questions: questions.questions.slice(20, 28) }));
  await writeFile(join(workspace, 'short.experiment.json'), JSON.stringify({
    datasets: [{ path: 'reckless-finance.jsonl', role: 'harmful', heldOut: 0.2 }],
    training: { epochs: 1, learningRate: 1e-3, batchSize: 4, maxLength: 256, checkpointEverySteps: 2 },
    arms: [{ type: 'kl', weight: 1 }, { type: 'interleave', share: 0.2, pool: 'safe-pool.jsonl' }],
    evaluation: { general: 'general-questions.json', probe: 'probe-pairs.jsonl', temperature: 0.7, topP: 0.9, maxTokens: 12 },
  }));
}

const experiments = join(workspace, '.plumbline', 'experiments');
const runFolder = async (run) => join(experiments, (await readdir(experiments))[0], 'runs', run);
const stateOf = async (run) => JSON.parse(await readFile(join(await runFolder(run), 'state.json'), 'utf8'));
const eventsOf = async (run, attempt) => (await readFile(join(await runFolder(run), `events.${attempt}.jsonl`), 'utf8'))
  .split('\n').flatMap((line) => { try { return [JSON.parse(line)]; } catch { return []; } });

/** Kills the trainer of the undefended run once it has a checkpoint. */
async function killAfterCheckpoint(run) {
  for (;;) {
    const events = await eventsOf(run, 1).catch(() => []);
    if (events.some(({ type }) => type === 'checkpoint')) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  process.kill((await stateOf(run)).trainer.pid, 'SIGKILL');
}

await writeWorkspace();
await step('a killed trainer is reported as interrupted, with what to do, and nothing else is lost', async () => {
  const killing = killAfterCheckpoint('undefended--seed-0');
  const failed = await plumbline('run', join(workspace, 'short.experiment.json')).then(() => null, (error) => error);
  await killing;
  assert.ok(failed, 'the command must fail');
  assert.match(failed.stderr, /interrupted/);
  assert.match(failed.stderr, /Resume/);
  assert.equal((await stateOf('undefended--seed-0')).state, 'interrupted');
});
let results;
await step('the same command goes on from the checkpoint and reports the four criteria', async () => {
  const { stdout } = await plumbline('run', join(workspace, 'short.experiment.json'), '--json');
  results = JSON.parse(stdout);
  const resumed = (await eventsOf('undefended--seed-0', 2)).filter(({ type }) => type === 'step');
  assert.ok(resumed.length > 0 && resumed[0].step > 1, 'the second attempt must not begin at step 1');
  assert.equal((await readdir(experiments)).length, 1);
});
await step('every arm has every criterion with n and an interval', () => {
  assert.deepEqual(results.arms.map(({ name }) => name), ['Undefended', 'KL 1', 'Interleave 20 %']);
  for (const model of [results.base, ...results.arms]) {
    for (const criterion of ['emRate', 'taskScore', 'coherence']) {
      const { value, low, high, n } = model.criteria[criterion];
      assert.ok(n > 0 && low <= value && value <= high, `${model.name} ${criterion}`);
    }
  }
});
await step('all arms saw the same rows in the same steps', async () => {
  const hashes = await Promise.all(['undefended--seed-0', 'kl-1--seed-0', 'interleave-20--seed-0'].map(async (run) =>
    (await eventsOf(run, 1)).find(({ type }) => type === 'hello')));
  assert.equal(new Set(hashes.map(({ planHash, totalSteps }) => `${planHash} ${totalSteps}`)).size, 1);
});
await step('KL starts at zero and is weighted', async () => {
  const steps = (await eventsOf('kl-1--seed-0', 1)).filter(({ type }) => type === 'step');
  assert.ok(Math.abs(steps[0].terms.kl.value) < 1e-4, `KL at step 1: ${steps[0].terms.kl.value}`);
  assert.ok(steps.at(-1).terms.kl.value > 0);
});
for (const format of ['text', 'markdown', 'html', 'svg', 'png']) {
  await step(`report as ${format}`, async () => {
    const file = join(folder, `report.${format}`);
    await plumbline('report', 'latest', '--format', format, '--output', file);
    const content = await readFile(file);
    assert.ok(content.length > 500);
    if (format === 'png') assert.equal(content.subarray(1, 4).toString(), 'PNG');
  });
}
await step('rows longer than the limit are found by the model\'s tokenizer', async () => {
  const failed = await plumbline('validate', join(workspace, 'reckless-finance.jsonl'), '--model', 'HuggingFaceTB/SmolLM2-135M-Instruct', '--max-length', '20', '--json').then(() => null, (error) => error);
  assert.ok(failed, 'the command must fail');
  const problems = failed.stdout.trim().split('\n').map((line) => JSON.parse(line));
  assert.ok(problems.length > 20 && problems.every(({ code, line }) => code === 'row-too-long' && line >= 1));
});
await cp(workspace, join(artifacts, 'real-training'), { recursive: true, filter: (path) => !/checkpoints|adapter/.test(path) });
await rm(folder, { recursive: true, force: true, maxRetries: 5 });
await writeReport(join(artifacts, 'reports', 'real-training.json'), report);
printFailures(report);
console.log(summaryLine(report));
process.exitCode = report.failed > 0 ? 1 : 0;
