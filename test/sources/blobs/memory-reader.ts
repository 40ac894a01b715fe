/** Reads a container as a process of its own and prints what it took: `memory-reader.ts <url> <account> <key>`. */
import { StorageSharedKeyCredential } from '@azure/storage-blob';
import { blobHistory } from '../../../src/sources/blobs/blob-history.ts';

const [url = '', account = '', key = ''] = process.argv.slice(2);
const history = blobHistory({ address: { url, credential: new StorageSharedKeyCredential(account, key) } });
const before = process.resourceUsage().maxRSS;
const begun = Date.now();
let messages = 0;
let bytes = 0;
const reading = {
  position: () => undefined,
  since: 0,
  until: Date.now(),
  signal: new AbortController().signal,
};
for await (const batch of history.read(reading)) {
  messages += batch.messages.length;
  for (const { body } of batch.messages) bytes += body.byteLength;
}
const seconds = (Date.now() - begun) / 1000;
const peakMb = process.resourceUsage().maxRSS / 1024;
process.stdout.write(JSON.stringify({ messages, bytes, seconds, peakMb, beforeMb: before / 1024 }));
