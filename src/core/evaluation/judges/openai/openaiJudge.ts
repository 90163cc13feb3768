import type { OpenaiJudgeFile } from '../../../schema/judgeFile';
import { judgeIdOf, judgeVersionOf } from '../../judgeIdentity';
import { PromptedJudge } from '../prompted/promptedJudge';
import { ReplyCache } from '../prompted/replyCache';
import { ChatEndpoint } from './chatEndpoint';
import { ChatRater } from './chatRater';
import { RETRY_POLICY, type RetryPolicy } from './retries';

/** A judge behind an endpoint that speaks OpenAI's chat completions. `key` null: the endpoint needs none. */
export function openaiJudge(file: OpenaiJudgeFile, { key, repliesFolder, retries = RETRY_POLICY }: {
  readonly key: string | null; readonly repliesFolder: string; readonly retries?: RetryPolicy;
}): PromptedJudge {
  const { baseUrl, model, requestsPerMinute, timeoutSeconds, prompts, maxAnswerCharacters, concurrency, price } = file;
  const rater = new ChatRater(new ChatEndpoint({ baseUrl, model, key, requestsPerMinute, timeoutMilliseconds: 1000 * timeoutSeconds, retries }));
  return new PromptedJudge({
    id: judgeIdOf(file), version: judgeVersionOf(file), prompts, maxAnswerCharacters, concurrency, price,
    cache: ReplyCache.of(repliesFolder, { type: file.type, endpoint: baseUrl, model }),
    ask: (prompt, signal) => rater.rate(prompt, signal),
  });
}
