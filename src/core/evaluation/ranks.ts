/** Ranks from 1, in the values' order; equal values share the mean of their ranks. */
export function ranksOf(values: readonly number[]): number[] {
  const order = values.map((_, index) => index).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Array<number>(values.length);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && values[order[end]!] === values[order[start]!]) {
      end += 1;
    }
    for (let i = start; i < end; i++) {
      ranks[order[i]!] = (start + 1 + end) / 2;
    }
    start = end;
  }
  return ranks;
}
