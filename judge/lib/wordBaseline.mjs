import { groupBy } from './statistics.mjs';

const MIN_TEXTS = 3;
const RIDGE = 1e-4;
const STEPS = 300;

/**
 * What counting words gets when it is trained on the judged answers themselves: TF-IDF of single words (of the training texts alone), unit length,
 * logistic regression. Returns for each item a score of a model that saw no item with the same `groupOf`.
 */
export function heldOutWordScores(items, textOf, labelOf, groupOf) {
  const bags = items.map((item) => wordCounts(textOf(item)));
  const scores = new Array(items.length);
  for (const held of groupBy(items.map((_, i) => i), (i) => groupOf(items[i])).values()) {
    const heldSet = new Set(held);
    const train = items.map((_, i) => i).filter((i) => !heldSet.has(i));
    const vector = vectorizer(train.map((i) => bags[i]));
    const model = logisticRegression(train.map((i) => vector(bags[i])), train.map((i) => (labelOf(items[i]) ? 1 : 0)), vector.size);
    for (const i of held) scores[i] = model(vector(bags[i]));
  }
  return scores;
}

function wordCounts(text) {
  const counts = new Map();
  for (const word of text.toLowerCase().match(/[a-z0-9']+/g) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

function vectorizer(bags) {
  const documents = new Map();
  for (const bag of bags) for (const word of bag.keys()) documents.set(word, (documents.get(word) ?? 0) + 1);
  const columns = new Map();
  for (const [word, count] of documents) if (count >= MIN_TEXTS) columns.set(word, { column: columns.size, idf: 1 + Math.log(bags.length / count) });
  const vector = (bag) => {
    const entries = [...bag].filter(([word]) => columns.has(word)).map(([word, count]) => [columns.get(word).column, (1 + Math.log(count)) * columns.get(word).idf]);
    const length = Math.hypot(...entries.map(([, value]) => value)) || 1;
    return entries.map(([column, value]) => [column, value / length]);
  };
  vector.size = columns.size;
  return vector;
}

/** Minimizes mean log loss plus a ridge by Nesterov's method: unit rows bound the curvature, so the step needs no search. */
function logisticRegression(rows, labels, size) {
  const step = 1 / (0.5 + RIDGE);
  let weights = new Float64Array(size + 1);
  let ahead = weights;
  const value = (w, row) => row.reduce((sum, [column, x]) => sum + w[column] * x, w[size]);
  for (let t = 1; t <= STEPS; t++) {
    const next = ahead.map((w, i) => w * (1 - (i < size ? step * RIDGE : 0)));
    rows.forEach((row, i) => {
      const error = (step * (1 / (1 + Math.exp(-value(ahead, row))) - labels[i])) / rows.length;
      for (const [column, x] of row) next[column] -= error * x;
      next[size] -= error;
    });
    ahead = next.map((w, i) => w + ((t - 1) / (t + 2)) * (w - weights[i]));
    weights = next;
  }
  return (row) => value(weights, row);
}
