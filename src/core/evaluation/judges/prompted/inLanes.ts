/** Works off items, so many at a time. The first failure (or the signal) stops the others; when all have ended it is thrown. */
export async function inLanes<T>(
  items: readonly T[], lanes: number, signal: AbortSignal | undefined, work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const stop = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length && !stop.aborted) await work(items[next++]!, stop);
  };
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, () => lane().catch((error: unknown) => failed.abort(error))));
  stop.throwIfAborted();
}
