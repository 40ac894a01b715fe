import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { inspect } from 'node:util';
import { EnvironmentCredential } from '@azure/identity';
import {
  AnonymousCredential,
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import { PgvigilError } from '../../../src/errors.ts';
import type { BlobAddress } from '../../../src/sources/blobs/address.ts';
import { blobHistory } from '../../../src/sources/blobs/blob-history.ts';
import { Azurite, append, skipAzurite } from './azurite.ts';
import { Front } from './front.ts';
import { hourOf, Ledger, linesOf, text } from './ledger.ts';

const azurite = new Azurite();
const front = new Front(azurite);
beforeEach(() => void front.take());

const RETRY_MS = [10, 20, 30];

async function archive(
  servers = ['A'],
): Promise<{ containerName: string; address: BlobAddress; lines: string[] }> {
  const container = await azurite.container();
  for (const server of servers) await append(container, hourOf(server, 3), text(linesOf(server, 3, 0, 200)));
  const { containerName } = container;
  const address = { url: `${front.url}/${containerName}`, credential: azurite.credential };
  return { containerName, address, lines: servers.flatMap((server) => linesOf(server, 3, 0, 200)) };
}

const everythingIn = (value: unknown): string => inspect(value, { depth: Infinity, showHidden: true });

async function refusal(address: BlobAddress, ledger = new Ledger()): Promise<PgvigilError> {
  try {
    await ledger.read(blobHistory({ address, retryMs: RETRY_MS }));
  } catch (error) {
    assert.ok(error instanceof PgvigilError, everythingIn(error));
    assert.equal(error.code, 'SOURCE_REFUSED');
    assert.ok(error.hint !== '');
    return error;
  }
  return assert.fail('it was read');
}

describe('a service that has too much to do', { skip: skipAzurite }, () => {
  it('is asked again when it says, which is told; nothing is lost or doubled', async () => {
    const { address, lines } = await archive(['A', 'B', 'C']);
    let requests = 0;
    front.before = async () => {
      requests++;
      if (requests % 7 === 3)
        return { status: 503, headers: { 'Retry-After': '1', 'x-ms-error-code': 'ServerBusy' } };
      return requests % 11 === 5 ? { status: 429 } : undefined;
    };
    const ledger = new Ledger();
    const begun = Date.now();
    await ledger.read(blobHistory({ address, chunkBytes: 3000, retryMs: RETRY_MS }));
    const waits = ledger.events.flatMap((event) => (event.kind === 'waiting' ? event : []));
    const asked = waits.filter(({ forMs }) => forMs === 1000);
    assert.deepEqual(ledger.lines, lines);
    assert.ok(asked.length > 0 && waits.some(({ forMs }) => RETRY_MS.includes(forMs)), inspect(waits));
    assert.match(asked[0]!.reason, /^Blob Storage answers HTTP 503 ServerBusy$/);
    assert.ok(Date.now() - begun >= 1000, 'it waited');
    assert.equal(ledger.leftOut.length, 0);
  });

  it('for good is given up, after what was read before', async () => {
    const { address, lines } = await archive(['A', 'B']);
    front.before = async ({ url }) => (url.includes('/B/') ? { status: 503 } : undefined);
    const ledger = new Ledger();
    const error = await refusal(address, ledger);
    assert.match(error.message, /HTTP 503/);
    assert.deepEqual(ledger.lines, lines.slice(0, 200));
    front.take();
    await ledger.read(blobHistory({ address }));
    assert.deepEqual(ledger.lines, lines);
  });

  it('or breaks off its answers, is asked again', async () => {
    const { address, lines } = await archive();
    let downloads = 0;
    front.before = async ({ range }) => (range !== '' && ++downloads % 3 === 1 ? 'cut' : undefined);
    const ledger = new Ledger();
    await ledger.read(blobHistory({ address, chunkBytes: 4000, retryMs: RETRY_MS }));
    assert.deepEqual(ledger.lines, lines);
    assert.ok(ledger.events.some((event) => event.kind === 'waiting'));
  });
});

describe('reading that is stopped', { skip: skipAzurite }, () => {
  it('ends at once, without an error, also while it waits', async () => {
    const { address } = await archive();
    front.before = async ({ range }) =>
      range === '' ? undefined : { status: 503, headers: { 'Retry-After': '100' } };
    const stop = new AbortController();
    const ledger = new Ledger();
    const begun = Date.now();
    const reading = ledger.reading({ signal: stop.signal, onEvent: () => stop.abort() });
    for await (const batch of blobHistory({ address }).read(reading)) ledger.keep(batch);
    assert.ok(Date.now() - begun < 5000);
    assert.deepEqual(ledger.lines, []);
  });

  it('asks for nothing more', async () => {
    const { address } = await archive(['A', 'B', 'C', 'D']);
    const history = blobHistory({ address, chunkBytes: 500, batchBytes: 400 });
    for await (const batch of history.read(new Ledger().reading())) {
      assert.ok(batch.messages.length > 0);
      break;
    }
    front.take();
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(front.take().requests, 0);
  });
});

describe('a blob that cannot be read', { skip: skipAzurite }, () => {
  it('because it was deleted meanwhile is left out, which is told; the others are read', async () => {
    const { containerName, address, lines } = await archive(['A', 'B', 'C']);
    const container = azurite.client(containerName);
    front.before = async ({ range, url }) => {
      if (range !== '' && url.includes('/B/'))
        await container.deleteBlob(hourOf('B', 3)).catch(() => undefined);
    };
    const ledger = new Ledger();
    await ledger.read(blobHistory({ address }));
    assert.deepEqual(ledger.lines, [...lines.slice(0, 200), ...lines.slice(400)]);
    assert.equal(ledger.leftOut.length, 1);
    assert.match(ledger.leftOut[0]!, /FLEXIBLESERVERS\/B\/.* was deleted before it was read/);
  });

  it('because it lies in the archive tier is left out', async () => {
    const { address, lines } = await archive(['A', 'B']);
    front.before = async ({ range, url }) =>
      range !== '' && url.includes('/A/')
        ? { status: 409, headers: { 'x-ms-error-code': 'BlobArchived' } }
        : undefined;
    const ledger = new Ledger();
    await ledger.read(blobHistory({ address }));
    assert.deepEqual(ledger.lines, lines.slice(200));
    assert.match(ledger.leftOut.join(), /archive tier/);
  });
});

describe('a container that refuses us', { skip: skipAzurite }, () => {
  it('is named, with what to do, and without key or signature', async () => {
    const { containerName } = await archive();
    const url = `${front.url}/${containerName}`;
    const anonymous = new AnonymousCredential();
    const wrong = Buffer.from('a wrong key').toString('base64');
    const stale = generateBlobSASQueryParameters(
      {
        containerName,
        permissions: ContainerSASPermissions.parse('rl'),
        startsOn: new Date(0),
        expiresOn: new Date(1000),
      },
      azurite.credential,
    ).toString();
    const signature = new URLSearchParams(stale).get('sig')!;
    const cases: [BlobAddress, RegExp, RegExp][] = [
      [
        { url, credential: new StorageSharedKeyCredential('devstoreaccount1', wrong) },
        /HTTP 403/,
        /Blob Data Reader/,
      ],
      [
        { url: `${url}?${stale}`, credential: anonymous },
        /HTTP 403 \w+/,
        /SAS with read and list permission/,
      ],
      [
        { url: `${front.url}/none`, credential: azurite.credential },
        /HTTP 404 ContainerNotFound/,
        /name of the container/,
      ],
      [
        { connectionString: azurite.connectionString, container: 'none' },
        /HTTP 404 ContainerNotFound/,
        /name of the container/,
      ],
      [
        { url: `https://no-such-account.invalid/logs?${stale}`, credential: anonymous },
        /(?:ENOTFOUND|EAI_AGAIN)$/,
        /name of the account.*private endpoint/,
      ],
      [{ url: `http://127.0.0.1:9/a/logs?${stale}`, credential: anonymous }, /ECONNREFUSED$/, /firewall/],
      [
        { url: 'https://account.blob.core.windows.net/logs', credential: new EnvironmentCredential() },
        /CredentialUnavailableError$/,
        /az login.*Blob Data Reader/,
      ],
      [{ url, credential: new EnvironmentCredential() }, /over https only/, /https:/],
      [{ connectionString: `${azurite.key};AccountName=x`, container: 'logs' }, /malformed/, /Access keys/],
      [{ url: `nonsense ${stale}`, credential: anonymous }, /no URL/, /https:\/\/<account>/],
      [
        { url: `https://a.dfs.core.windows.net/logs?${stale}`, credential: anonymous },
        /Data Lake/,
        /<account>\.blob/,
      ],
      [
        { url: `https://a.blob.core.windows.net/?${stale}`, credential: anonymous },
        /names no container/,
        /<container>/,
      ],
    ];
    const secrets = [azurite.key, wrong, signature, encodeURIComponent(signature), 'sig='];
    for (const [address, message, hint] of cases) {
      const ledger = new Ledger();
      const error = await refusal(address, ledger);
      assert.match(error.message, message);
      assert.match(error.hint, hint);
      const all = everythingIn([error, ledger.events]);
      for (const secret of secrets) assert.ok(!all.includes(secret), `${secret} in ${all}`);
    }
  });

  it('is read with a SAS, which nothing shows', async () => {
    const { containerName, lines } = await archive();
    const sas = generateBlobSASQueryParameters(
      {
        containerName,
        permissions: ContainerSASPermissions.parse('rl'),
        expiresOn: new Date(Date.now() + 3_600_000),
      },
      azurite.credential,
    ).toString();
    const url = `${front.url}/${containerName}`;
    const history = blobHistory({ address: { url: `${url}?${sas}`, credential: new AnonymousCredential() } });
    assert.equal(history.title, url);
    const ledger = new Ledger();
    assert.deepEqual(await ledger.read(history), lines);
    const shown = JSON.stringify([history.title, ledger.events, [...ledger.positions]]);
    assert.ok(!shown.includes('sig=') && !shown.includes(new URLSearchParams(sas).get('sig')!));
    // However it is reached, it is the same archive.
    const connection = {
      connectionString: azurite.connectionString.replace(azurite.url, front.url),
      container: containerName,
    };
    assert.deepEqual(await ledger.read(blobHistory({ address: connection })), []);
  });
});
