/** Area under the ROC curve of `scores` for `labels`; ties count half. Null without both classes. */
export function auc(scores, labels) {
  const positives = labels.filter(Boolean).length;
  const negatives = labels.length - positives;
  if (positives === 0 || negatives === 0) return null;
  const ranks = averageRanks(scores);
  const sum = ranks.reduce((total, rank, i) => total + (labels[i] ? rank : 0), 0);
  return (sum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

export function spearman(a, b) {
  return pearson(averageRanks(a), averageRanks(b));
}

/** Kendall's tau-b. */
export function kendall(a, b) {
  let [agree, disagree, tiesA, tiesB] = [0, 0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    for (let j = i + 1; j < a.length; j++) {
      const x = Math.sign(a[i] - a[j]);
      const y = Math.sign(b[i] - b[j]);
      if (x * y > 0) agree++;
      else if (x * y < 0) disagree++;
      else {
        if (x === 0 && y !== 0) tiesA++;
        if (y === 0 && x !== 0) tiesB++;
      }
    }
  }
  return (agree - disagree) / Math.sqrt((agree + disagree + tiesA) * (agree + disagree + tiesB));
}

export function mean(values) {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

export function groupBy(items, keyOf) {
  const groups = new Map();
  for (const item of items) {
    const key = keyOf(item);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(item);
  }
  return groups;
}

/** 95 % interval by drawing whole groups with replacement; `random` gives numbers in [0, 1). */
export function clusterInterval(items, keyOf, statistic, random, draws = 1000) {
  const groups = [...groupBy(items, keyOf).values()];
  const values = [];
  for (let draw = 0; draw < draws; draw++) {
    const value = statistic(groups.flatMap(() => groups[Math.floor(random() * groups.length)]));
    if (value !== null) values.push(value);
  }
  values.sort((a, b) => a - b);
  return [values[Math.floor(values.length * 0.025)], values[Math.ceil(values.length * 0.975) - 1]];
}

function averageRanks(values) {
  const order = values.map((_, i) => i).sort((a, b) => values[a] - values[b]);
  const ranks = new Array(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end + 1 < order.length && values[order[end + 1]] === values[order[start]]) end++;
    for (let i = start; i <= end; i++) ranks[order[i]] = (start + end) / 2 + 1;
    start = end + 1;
  }
  return ranks;
}

function pearson(a, b) {
  const [ma, mb] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += (a[i] - ma) * (b[i] - mb);
    aa += (a[i] - ma) ** 2;
    bb += (b[i] - mb) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}
