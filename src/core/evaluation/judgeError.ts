/** What keeps a judge from judging at all: the key, the model's name, the address, the account's credit, the protocol, or that it is not here. */
export type JudgeErrorKind = 'key' | 'model' | 'address' | 'credit' | 'protocol' | 'overload' | 'not-here';

/** A judge cannot work; the message says why and what to do. Single answers that cannot be judged are no error. */
export class JudgeError extends Error {
  override readonly name = 'JudgeError';

  constructor(readonly kind: JudgeErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}
