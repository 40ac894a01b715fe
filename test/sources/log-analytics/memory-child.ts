/**
 * Reads a workspace to its end in a process of its own, and prints how many rows and bytes of messages came and the most
 * memory that it took in between.
 *
 * Its certificate is trusted by `NODE_EXTRA_CA_CERTS`, as a user would do it.
 */
import { logAnalyticsHistory } from '../../../src/sources/log-analytics/history.ts';

const [endpoint, token, workspaceId, now] = process.argv.slice(2) as [string, string, string, string];
const history = logAnalyticsHistory({
  workspaceId,
  endpoint,
  credential: { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) },
  now: () => Number(now),
});
const reading = {
  position: () => undefined,
  since: 0,
  until: Number(now),
  signal: new AbortController().signal,
};
let bytes = 0;
let messages = 0;
let largest = 0;
const before = process.memoryUsage().rss;
const started = performance.now();
for await (const batch of history.read({ ...reading, since: Number(now) - 7 * 86_400_000 })) {
  for (const { body } of batch.messages) {
    bytes += body.length;
    messages++;
    largest = Math.max(largest, body.length);
  }
}
const most = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify({ bytes, messages, largest, before, most, ms: performance.now() - started }));
