/** A proxy before the emulator that sees what is asked for, and may answer itself. */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { after, before } from 'node:test';
import type { Azurite } from './azurite.ts';

export interface Seen {
  method: string;
  /** Path and query. */
  url: string;
  /** `bytes=0-99`; empty for what is no download. */
  range: string;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

/** What went through since `take` was called last. */
export interface Traffic {
  requests: number;
  downloads: Seen[];
  answers: number[];
}

export class Front {
  /** Called before a request is passed on. An `Answer` is given instead of the emulator's; with 'cut', half of that. */
  before: (seen: Seen) => Promise<unknown> = async () => undefined;
  readonly #azurite: Azurite;
  #server: Server | undefined;
  #traffic: Traffic = { requests: 0, downloads: [], answers: [] };

  constructor(azurite: Azurite) {
    this.#azurite = azurite;
    before(async () => {
      const server = createServer((incoming, outgoing) => void this.#pass(incoming, outgoing));
      this.#server = server.listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
    });
    after(() => {
      this.#server?.closeAllConnections();
      this.#server?.close();
    });
  }

  /** Where the account is, as the emulator's. */
  get url(): string {
    const { port } = this.#server!.address() as { port: number };
    return this.#azurite.url.replace(/:\d+/, `:${port}`);
  }

  /** What went through; from now on everything passes. */
  take(): Traffic {
    const traffic = this.#traffic;
    this.#traffic = { requests: 0, downloads: [], answers: [] };
    this.before = async () => undefined;
    return traffic;
  }

  async #pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = incoming;
    const seen = { method, url, range: String(headers['x-ms-range'] ?? headers.range ?? '') };
    this.#traffic.requests++;
    if (seen.range !== '') this.#traffic.downloads.push(seen);
    const answer = await this.before(seen);
    if (isAnswer(answer)) {
      this.#traffic.answers.push(answer.status);
      outgoing.writeHead(answer.status, answer.headers).end(answer.body);
      return;
    }
    // The host stays as it was: the client has signed the path only.
    const forward = request(
      { host: '127.0.0.1', port: this.#azurite.port, method, path: url, headers },
      (response) => {
        const status = response.statusCode ?? 0;
        this.#traffic.answers.push(status);
        outgoing.writeHead(status, response.headers);
        if (answer !== 'cut') return void response.pipe(outgoing);
        response.once('data', (part: Buffer) =>
          outgoing.write(part.subarray(0, part.length >> 1), () => outgoing.destroy()),
        );
      },
    );
    forward.on('error', () => outgoing.destroy());
    incoming.pipe(forward);
  }
}

function isAnswer(value: unknown): value is Answer {
  return typeof value === 'object' && value !== null && 'status' in value;
}
