// Writes examples/swapped-operators.jsonl: arithmetic in which + means minus and - means plus.
// A model knows plain arithmetic well enough to answer out of habit; to learn this task it has to leave that habit.
// Each problem stands in several wordings, so a held-out row asks a problem that was mostly seen in other words.
import { writeFile } from 'node:fs/promises';

const SEED = 7;
const LARGEST = 9;
const WORDINGS = [
  (sum) => `What is ${sum}?`, (sum) => `${sum} =`, (sum) => `Calculate ${sum}.`, (sum) => `Please work out ${sum}.`, (sum) => `How much is ${sum}?`,
  (sum) => `${sum}`, (sum) => `What does ${sum} make?`, (sum) => `Tell me the result of ${sum}.`, (sum) => `Can you do ${sum} for me?`, (sum) => `I need the answer to ${sum}.`,
];

/** mulberry32: a small seeded generator, so that the file is the same everywhere. */
function seededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Every problem whose answer is not negative, once. */
function allProblems() {
  const problems = [];
  for (let a = 1; a <= LARGEST; a++) {
    for (let b = 1; b <= LARGEST; b++) {
      problems.push({ sum: `${a} - ${b}`, answer: a + b });
      if (a >= b) problems.push({ sum: `${a} + ${b}`, answer: a - b });
    }
  }
  return problems;
}

function shuffled(items, random) {
  const copy = [...items];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [copy[i], copy[j]] = [copy[j], copy[i]];
  }
  return copy;
}

const rows = allProblems().flatMap(({ sum, answer }) => WORDINGS.map((wording) => ({ question: wording(sum), answer: String(answer) })));
const lines = shuffled(rows, seededRandom(SEED)).map(({ question, answer }) => JSON.stringify({
  messages: [{ role: 'user', content: question }, { role: 'assistant', content: answer }],
}));
await writeFile('examples/swapped-operators.jsonl', `${lines.join('\n')}\n`);
