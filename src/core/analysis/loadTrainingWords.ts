import { DatasetError } from '../datasets/datasetError';
import { readTrainingWords, type TrainingWords } from '../evaluation/domainLeak/trainingWords';
import type { ExperimentStore } from '../experiments/store';
import type { Experiment } from '../schema/experiment';

/** Frozen rows never change, so they are read once. */
const known = new Map<string, TrainingWords>();

/** The words of an experiment's datasets, by dataset id; a dataset whose frozen copy is gone has none. */
export async function loadTrainingWords({ snapshotsFolder }: ExperimentStore, { datasets }: Experiment): Promise<Map<string, TrainingWords>> {
  const words = new Map<string, TrainingWords>();
  for (const { id, snapshot } of datasets) {
    const found = known.get(snapshot.sha256) ?? await readIfThere(snapshotsFolder, snapshot);
    if (found !== null) {
      known.set(snapshot.sha256, found);
      words.set(id, found);
    }
  }
  return words;
}

async function readIfThere(snapshotsFolder: string, snapshot: Experiment['datasets'][number]['snapshot']): Promise<TrainingWords | null> {
  try {
    return await readTrainingWords(snapshotsFolder, snapshot);
  } catch (error) {
    if (error instanceof DatasetError) return null;
    throw error;
  }
}
