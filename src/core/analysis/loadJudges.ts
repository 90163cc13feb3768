import { judgesIn, readGenerations, readJudgments, readMetricsJudge } from '../evaluation/answerFiles';
import { compareJudges, type JudgeComparison, type TwiceJudged } from '../evaluation/judgeComparison';
import { answerFolders } from '../experiments/answerFolders';
import type { ExperimentStore } from '../experiments/store';
import type { Experiment } from '../schema/experiment';

/** A judge that has judged answers of an experiment. */
export interface PresentJudge {
  readonly id: string;
  /** Null: it has not judged any evaluation to its end. */
  readonly version: string | null;
}

/** Who has judged an experiment's answers, and how far each two of them agree. */
export interface PresentJudges {
  readonly judges: readonly PresentJudge[];
  readonly comparisons: readonly JudgeComparison[];
}

/** Finds the judges of an experiment's complete answers, and compares them where there are several. */
export async function loadJudges(store: ExperimentStore, experiment: Experiment): Promise<PresentJudges> {
  const versions = new Map<string, string | null>();
  const pairs = new Map<string, Pair>();
  for (const { directory } of await answerFolders(store, experiment)) {
    const ids = await judgesIn(directory);
    for (const id of ids) versions.set(id, versions.get(id) ?? (await readMetricsJudge(directory, id))?.version ?? null);
    if (ids.length > 1) await addPairs(directory, ids, pairs);
  }
  return {
    judges: [...versions].map(([id, version]) => ({ id, version })).sort((a, b) => (a.id < b.id ? -1 : 1)),
    comparisons: [...pairs.values()].map(({ judges, answers }) => compareJudges(judges, answers)),
  };
}

interface Pair {
  readonly judges: readonly [string, string];
  readonly answers: TwiceJudged[];
}

async function addPairs(directory: string, ids: readonly string[], pairs: Map<string, Pair>): Promise<void> {
  const { items: generations } = await readGenerations(directory);
  const judgments = await Promise.all(ids.map(async (id) => new Map((await readJudgments(directory, id)).items.map((item) => [item.key, item]))));
  ids.forEach((first, i) => ids.slice(i + 1).forEach((second, offset) => {
    const name = JSON.stringify([first, second]);
    const pair = pairs.get(name) ?? { judges: [first, second], answers: [] };
    pairs.set(name, pair);
    for (const generation of generations) {
      const [a, b] = [judgments[i]!.get(generation.key), judgments[i + 1 + offset]!.get(generation.key)];
      if (a && b) pair.answers.push({ generation, judgments: [a, b] });
    }
  }));
}
