/** Blob Storage on this machine: Microsoft's own emulator, in a process of its own, with nothing kept. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { BlobServiceClient, type ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob';

const PROGRAM = fileURLToPath(
  new URL('../../../fixtures/azurite/node_modules/azurite/dist/src/blob/main.js', import.meta.url),
);
const INSTALL = 'npm ci --prefix fixtures/azurite --ignore-scripts';
/** Account and key that the emulator is documented with. */
const ACCOUNT = 'devstoreaccount1';
const KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

const required = process.env.PGVIGIL_REQUIRE_REAL === '1';
/** Why there is no Blob Storage to test with; false where there is one. */
export const skipAzurite =
  existsSync(PROGRAM) || required ? false : `Azurite is not installed; install it: ${INSTALL}`;
if (skipAzurite !== false) process.stderr.write(`SKIPPED, no real Blob Storage: ${skipAzurite}\n`);

/** An emulator for the tests of a file. */
export class Azurite {
  readonly key = KEY;
  #port = 0;
  #containers = 0;
  #service: BlobServiceClient | undefined;

  constructor() {
    let stop = async () => {};
    before(async () => {
      if (skipAzurite === false) stop = await this.#start();
    });
    after(() => stop());
  }

  /** Where the account is, without a slash at its end. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}/${ACCOUNT}`;
  }

  get port(): number {
    return this.#port;
  }

  get credential(): StorageSharedKeyCredential {
    return new StorageSharedKeyCredential(ACCOUNT, KEY);
  }

  get connectionString(): string {
    return `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${KEY};BlobEndpoint=${this.url};`;
  }

  /** A container, past every front. */
  client(name: string): ContainerClient {
    return this.#service!.getContainerClient(name);
  }

  /** A new container. */
  async container(): Promise<ContainerClient> {
    const container = this.client(`archive-${++this.#containers}`);
    await container.create();
    return container;
  }

  async #start(): Promise<() => Promise<void>> {
    this.#port = await freePort();
    const folder = await mkdtemp(join(tmpdir(), 'pgvigil-azurite-'));
    const options = ['--silent', '--skipApiVersionCheck', '--disableTelemetry', '--location', folder];
    const program = spawn(
      process.execPath,
      [PROGRAM, '--blobHost', '127.0.0.1', '--blobPort', String(this.#port), ...options],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    const ended = new Promise<void>((resolve) => program.once('exit', () => resolve()));
    this.#service = new BlobServiceClient(this.url, this.credential, { retryOptions: { maxTries: 1 } });
    for (let tries = 0; ; tries++) {
      const isUp = await this.#service.getProperties().then(
        () => true,
        () => false,
      );
      if (isUp) break;
      if (tries === 300 || program.exitCode !== null) throw new Error('Azurite does not start');
      await sleep(100);
    }
    return async () => {
      program.kill();
      await ended;
      await rm(folder, { recursive: true });
    };
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Writes a block blob. */
export async function put(container: ContainerClient, name: string, content: string | Buffer): Promise<void> {
  const bytes = Buffer.from(content as string);
  await container.getBlockBlobClient(name).upload(bytes, bytes.length);
}

/** Adds to an append blob, which is created where it is missing. */
export async function append(container: ContainerClient, name: string, content: string): Promise<void> {
  const blob = container.getAppendBlobClient(name);
  await blob.createIfNotExists();
  await blob.appendBlock(content, Buffer.byteLength(content));
}
