import type { ExperimentStore } from '../core/experiments/store';
import { CliError } from './context';

/** An experiment by its id, the start of its id, its name (the newest so called), or `latest`. */
export async function resolveExperiment(store: ExperimentStore, wanted: string): Promise<string> {
  const ids = await store.experimentIds();
  if (wanted === 'latest' && ids.length > 0) return latest(store, ids);
  if (ids.includes(wanted)) return wanted;
  const begins = ids.filter((id) => id.startsWith(wanted));
  if (begins.length === 1) return begins[0] as string;
  for (const id of [...ids].reverse()) {
    if ((await store.readExperiment(id)).name === wanted) return id;
  }
  const known = ids.length === 0 ? `There are none in ${store.root}; --workspace names another folder.` : `There are: ${ids.slice(-10).join(', ')}.`;
  throw new CliError(`No experiment "${wanted}".`, known);
}

/** By creation, not by id: an import's id is its content's. */
async function latest(store: ExperimentStore, ids: readonly string[]): Promise<string> {
  const experiments = await Promise.all(ids.map((id) => store.readExperiment(id)));
  return experiments.reduce((newest, next) => (next.createdAt >= newest.createdAt ? next : newest)).id;
}
