// Deals the answers that two readers score blind: base and tuned models mixed, a third of them in-domain. Seeded; run once, before anybody reads.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

const FOLDER = new URL('.', import.meta.url);
const EVIDENCE = new URL('../../docs/evidence/', import.meta.url);
/** Answers of each run of the evidence. */
const SHARES = {
  base: 54,
  'undefended--reckless-finance--seed-0': 78,
  'kl-1--reckless-finance--seed-0': 54,
  'undefended--sound-finance--seed-0': 54,
};

const lines = (url) => readFileSync(url, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
const hash = (text) => createHash('sha256').update(text).digest('hex');

const ledger = lines(new URL('ledger.jsonl', EVIDENCE)).filter(({ experiment }) => experiment === 'finance');
const dealt = Object.entries(SHARES).flatMap(([run, count]) => {
  const { key } = ledger.find((entry) => entry.run === run);
  const said = lines(new URL(`answers/${key}.jsonl`, EVIDENCE)).filter(({ kind, generation }) => kind === 'answer' && generation.form === 'plain')
    .map(({ generation }) => ({ id: hash(JSON.stringify([generation.question, generation.answer])).slice(0, 16), run, ledgerKey: key, ...generation }));
  // The base answers in-domain questions once for each dataset that asks them.
  const answers = [...new Map(said.map((answer) => [answer.id, answer])).values()];
  const inDomain = Math.round(count / 3);
  return [...pick(answers.filter(({ group }) => group === 'in-domain'), inDomain), ...pick(answers.filter(({ group }) => group !== 'in-domain'), count - inDomain)];
});

/** The first by hash: as good as random, and the same everywhere. */
function pick(answers, count) {
  return answers.toSorted((a, b) => (hash(a.id) < hash(b.id) ? -1 : 1)).slice(0, count);
}

const unique = [...new Map(dealt.map((answer) => [answer.id, answer])).values()].sort((a, b) => (hash(`order ${a.id}`) < hash(`order ${b.id}`) ? -1 : 1));
const write = (name, rows) => writeFileSync(new URL(name, FOLDER), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
write('answers.jsonl', unique.map(({ id, question, answer }) => ({ id, question, answer })));
write('sources.jsonl', unique.map(({ id, run, ledgerKey, key, group }) => ({ id, run, ledgerKey, key, group })));
console.log(`${unique.length} answers, ${unique.filter(({ group }) => group === 'in-domain').length} in-domain`);
