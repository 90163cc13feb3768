import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { LocalJudge } from './localJudge';
import type { FromWorker, ToWorker, WorkerStart } from './workerProtocol';

if (!parentPort) throw new Error('this script is a worker');
void serve(parentPort, workerData as WorkerStart);

async function serve(port: MessagePort, start: WorkerStart): Promise<void> {
  const send = (message: FromWorker): void => port.postMessage(message);
  try {
    const judge = await LocalJudge.load(start.modelDir);
    port.on('message', requestHandler(judge, send, port));
    send({ type: 'ready', version: judge.version });
  } catch (error) {
    send({ type: 'failed', message: messageOf(error) });
    port.close();
  }
}

function requestHandler(judge: LocalJudge, send: (message: FromWorker) => void, port: MessagePort): (message: ToWorker) => void {
  const running = new Map<number, AbortController>();
  // One request after the other: two at once would only take the cores from each other.
  let queue: Promise<void> = Promise.resolve();
  return (message) => {
    if (message.type === 'judge') {
      const abort = new AbortController();
      running.set(message.request, abort);
      queue = queue.then(() => answer(judge, message, abort.signal, send)).finally(() => running.delete(message.request));
    } else if (message.type === 'cancel') {
      running.get(message.request)?.abort();
    } else {
      running.forEach((abort) => abort.abort());
      queue = queue.then(() => judge.dispose()).finally(() => port.close());
    }
  };
}

async function answer(judge: LocalJudge, job: Extract<ToWorker, { type: 'judge' }>, signal: AbortSignal, send: (message: FromWorker) => void): Promise<void> {
  const { request } = job;
  try {
    const verdicts = await judge.judge(job.items, { signal, onProgress: (done, total) => send({ type: 'progress', request, done, total }) });
    send({ type: 'result', request, verdicts });
  } catch (error) {
    send({ type: 'error', request, message: messageOf(error) });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
