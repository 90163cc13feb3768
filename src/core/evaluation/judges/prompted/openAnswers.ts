/** Counts the answers about which every prompt has a reply. */
export class OpenAnswers {
  done = 0;
  private readonly answersOf = new Map<string, number[]>();
  private readonly openPrompts: number[];

  /** `prompts` of each answer; `open` are those without a reply. */
  constructor(prompts: readonly (readonly string[])[], open: readonly string[]) {
    for (const prompt of open) this.answersOf.set(prompt, []);
    this.openPrompts = prompts.map((own, answer) => {
      const unanswered = [...new Set(own)].filter((prompt) => this.answersOf.has(prompt));
      for (const prompt of unanswered) this.answersOf.get(prompt)!.push(answer);
      return unanswered.length;
    });
    this.done = this.openPrompts.filter((count) => count === 0).length;
  }

  /** A prompt got its reply. */
  close(prompt: string): void {
    for (const answer of this.answersOf.get(prompt) ?? []) {
      this.openPrompts[answer]! -= 1;
      if (this.openPrompts[answer] === 0) this.done += 1;
    }
  }
}
