/** An address that leads nowhere, by the words of Node's and of the editor's network code. */
const UNREACHABLE = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ERR_CONNECTION_REFUSED|ERR_NAME_NOT_RESOLVED|ERR_ADDRESS_UNREACHABLE|ERR_INTERNET_DISCONNECTED/;
const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_SSL|ERR_TLS|EPROTO/;

export type NetworkFailure = 'unreachable' | 'untrusted' | 'timeout' | 'broken';

/** What kept a request from an answer. */
export function networkFailure(error: unknown): NetworkFailure {
  const words = wordsOf(error);
  if (/TimeoutError|TIMEOUT|ETIMEDOUT/.test(words)) return 'timeout';
  if (UNREACHABLE.test(words)) return 'unreachable';
  return UNTRUSTED.test(words) ? 'untrusted' : 'broken';
}

/** `fetch` says little; the cause below says more. */
export function wordsOf(error: unknown): string {
  const { name = '', code = '', message = '', cause } = (error ?? {}) as { name?: string; code?: unknown; message?: string; cause?: unknown };
  return [name, String(code), message, ...(cause === undefined ? [] : [wordsOf(cause)])].filter(Boolean).join(' ');
}
