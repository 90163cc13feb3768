import type { Judge } from '../../src/core/evaluation/judge';
import { LocalJudge } from '../../src/core/evaluation/judges/local/localJudge';
import { computeMetrics } from '../../src/core/evaluation/metrics';
import { readAnswers, readLedger, writeAnswers, writeLedger, type AnswerLine, type LedgerEntry } from './ledger';

/** Judges recorded answers again where another version of the local judge scored them: a better judge needs no new run. */
export async function rejudgeEvidence(): Promise<void> {
  const judge = await LocalJudge.load('judge/model');
  try {
    const ledger = await readLedger();
    for (const entry of ledger.values()) {
      if (entry.judgeVersion === judge.version) continue;
      ledger.set(entry.key, await rejudge(entry, judge));
      console.log(`${entry.experiment} · ${entry.run}: judged again`);
    }
    await writeLedger([...ledger.values()]);
  } finally {
    await judge.dispose();
  }
}

async function rejudge(entry: LedgerEntry, judge: Judge): Promise<LedgerEntry> {
  const lines = await readAnswers(entry.key);
  const answers = lines.filter((line) => line.kind === 'answer');
  const verdicts = await judge.judge(answers.map(({ generation }) => generation));
  const judged = answers.map((line, i): AnswerLine => ({ ...line, judgment: { key: line.generation.key, ...verdicts[i]! } }));
  const all = [...judged, ...lines.filter((line) => line.kind === 'score')];
  await writeAnswers(entry.key, all);
  // Task score and probe need no judge: they stay.
  const metrics = entry.metrics.map(({ evaluationId, taskScore, probe }) => ({ ...metricsOf(evaluationId, all, judge), taskScore, probe }));
  return { ...entry, judgeVersion: judge.version, metrics };
}

function metricsOf(evaluationId: string, lines: readonly AnswerLine[], judge: Judge) {
  const own = lines.filter((line) => line.evaluationId === evaluationId && line.step === undefined);
  const answers = own.flatMap((line) => (line.kind === 'answer' ? [{ generation: line.generation, judgment: line.judgment, label: null }] : []));
  return computeMetrics(answers, [], { id: evaluationId, task: null }, judge);
}
