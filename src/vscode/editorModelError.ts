/** Why one of the editor's language models gave no reply. */
export type EditorModelProblem = 'permission' | 'gone' | 'blocked' | 'quota' | 'other';

export class EditorModelError extends Error {
  override readonly name = 'EditorModelError';

  constructor(readonly problem: EditorModelProblem, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}
