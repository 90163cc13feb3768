import { distinctWords } from './words';

/** In how many of some texts each word occurs. */
export class WordCounts {
  texts = 0;
  private readonly counts = new Map<string, number>();

  static of(texts: Iterable<string>): WordCounts {
    const counts = new WordCounts();
    for (const text of texts) {
      counts.add(text);
    }
    return counts;
  }

  add(text: string): void {
    this.texts++;
    for (const word of distinctWords(text)) {
      this.counts.set(word, (this.counts.get(word) ?? 0) + 1);
    }
  }

  /** Log of the share of texts that have the word, smoothed by half a text; leaving out some of the texts where given. */
  logShare(word: string, without?: WordCounts): number {
    const count = (this.counts.get(word) ?? 0) - (without?.counts.get(word) ?? 0);
    return Math.log((count + 0.5) / (this.texts - (without?.texts ?? 0) + 1));
  }

  words(): Iterable<string> {
    return this.counts.keys();
  }
}
