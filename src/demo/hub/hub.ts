import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import rhea, { type Container, type ServerConnectionOptions } from 'rhea';
import { PgvigilError } from '../../errors.ts';
import { Broker, CONTAINER_OPTIONS } from './broker.ts';
import { EventHub } from './event-hub.ts';
import type { Receipt } from './partition.ts';
import { Refusal, toAmqpError } from './refusal.ts';
import { dataSection } from './sections.ts';
import type { SharedAccessKey } from './tokens.ts';

const LOOPBACK = '127.0.0.1';
const MAX_FRAME_SIZE = 64 * 1024;
/** Milliseconds of silence after which rhea gives a connection up. */
const IDLE_TIMEOUT = 120_000;

export interface LoopbackHubOptions {
  /** Name of the hub; default `logs`. */
  hub?: string;
  /** Number of partitions, 1 to 32 as in the service; default 4. */
  partitions?: number;
  /** Consumer groups besides `$Default`. */
  consumerGroups?: string[];
  /** Only the loopback address is accepted: keys and events travel in the clear. */
  host?: '127.0.0.1';
  /** 0, the default, takes any free port. */
  port?: number;
  /** Shared access policy; default `RootManageSharedAccessKey` with a random key. */
  keyName?: string;
  key?: string;
  /** Bytes kept in each partition; default 256 MiB. */
  retentionBytes?: number;
}

export interface ReaderStats {
  group: string;
  /** Owner level; null for a reader that shares the partition. */
  epoch: number | null;
  /** Events that the client still asks for. */
  credit: number;
  /** Events sent on this link. */
  sent: number;
  /** Sequence number of the event that is sent next. */
  next: number;
}

export interface PartitionStats {
  id: string;
  firstSequenceNumber: number;
  nextSequenceNumber: number;
  readers: ReaderStats[];
}

/**
 * An Event Hub inside this process: an AMQP 1.0 server on 127.0.0.1 that the real `@azure/event-hubs` client talks
 * to, for the demo and for tests. Events are in memory and outlive `close()` followed by `listen()`.
 */
export class LoopbackHub {
  readonly #hub: EventHub;
  readonly #policy: SharedAccessKey;
  readonly #broker: Broker;
  readonly #container: Container;
  readonly #sockets = new Set<Socket>();
  #port: number;
  #server: Server | null = null;

  private constructor(options: LoopbackHubOptions) {
    const { host = LOOPBACK, partitions = 4 } = options;
    if (host !== LOOPBACK)
      throw new PgvigilError(
        'CONFIG_INVALID',
        `The loopback hub does not listen on ${host}.`,
        `It speaks without encryption and is for this machine only: use ${LOOPBACK}.`,
      );
    if (!Number.isInteger(partitions) || partitions < 1 || partitions > 32)
      throw new PgvigilError(
        'CONFIG_INVALID',
        `A hub cannot have ${partitions} partitions.`,
        'Choose from 1 to 32.',
      );
    this.#hub = new EventHub({
      name: options.hub ?? 'logs',
      partitions,
      consumerGroups: options.consumerGroups ?? [],
      retentionBytes: options.retentionBytes ?? 256 * 1024 * 1024,
      createdAt: Date.now(),
    });
    this.#policy = {
      name: options.keyName ?? 'RootManageSharedAccessKey',
      key: options.key ?? randomBytes(32).toString('base64'),
    };
    this.#port = options.port ?? 0;
    this.#broker = new Broker(this.#hub, this.#policy);
    this.#container = rhea.create_container({ id: 'pgvigil-loopback-hub', ...CONTAINER_OPTIONS });
    this.#broker.serve(this.#container);
  }

  /** Creates a hub and waits until it listens. */
  static async start(options: LoopbackHubOptions = {}): Promise<LoopbackHub> {
    const hub = new LoopbackHub(options);
    await hub.listen();
    return hub;
  }

  /** What a client needs to connect; stays the same over `close()` and `listen()`. */
  get connectionString(): string {
    const { name, key } = this.#policy;
    return `Endpoint=sb://${LOOPBACK}:${this.#port};SharedAccessKeyName=${name};SharedAccessKey=${key};EntityPath=${this.#hub.name};UseDevelopmentEmulator=true`;
  }

  /** Listens again after `close()`, on the same port and with all events. Without effect while it listens. */
  async listen(): Promise<void> {
    if (this.#server !== null) return;
    // rhea takes the fields of the open frame from here, not from the container.
    const options: ServerConnectionOptions & { tcp_no_delay: boolean } = {
      host: LOOPBACK,
      port: this.#port,
      tcp_no_delay: true,
      max_frame_size: MAX_FRAME_SIZE,
      idle_time_out: IDLE_TIMEOUT,
    };
    const server = this.#container.listen(options);
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    await once(server, 'listening');
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Cuts every connection and stops listening. */
  async close(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    server.close();
    this.disconnectAll();
    await once(server, 'close');
  }

  /**
   * Appends one event without a client.
   * @param enqueuedAt milliseconds since 1970-01-01 UTC, default now; never earlier than the event before it
   */
  append(partitionId: string, body: Uint8Array, enqueuedAt: number = Date.now()): Receipt {
    const event = { header: Buffer.alloc(0), annotations: {}, bare: dataSection(body) };
    return this.#hub.partition(partitionId).append(event, enqueuedAt);
  }

  stats(): { partitions: PartitionStats[] } {
    const partitions = this.#hub.partitions.map(({ id, firstSequenceNumber, nextSequenceNumber }) => ({
      id,
      firstSequenceNumber,
      nextSequenceNumber,
      readers: this.#hub.consumerGroups.flatMap((group) =>
        group
          .readersOf(id)
          .map(({ epoch, credit, sent, next }) => ({ group: group.name, epoch, credit, sent, next })),
      ),
    }));
    return { partitions };
  }

  /** Fault: cuts every TCP connection. */
  disconnectAll(): void {
    // With an error, because rhea clears its timers on `error` and not on `close`.
    for (const socket of this.#sockets) socket.destroy(new Error('cut by the loopback hub'));
  }

  /** Fault: closes every connection the AMQP way, as the service does for maintenance. */
  closeAll(): void {
    const error = new Refusal('amqp:connection:forced', 'The connection was closed by the service.');
    for (const client of this.#broker.clients.values()) {
      client.stopReaders();
      client.connection.close(toAmqpError(error));
    }
  }

  /** Fault: detaches every reader; the connections stay. */
  detachReaders(): void {
    const error = new Refusal('amqp:link:detach-forced', 'The link is force detached by the service.');
    for (const client of this.#broker.clients.values())
      for (const reader of [...client.readers]) reader.detach(error);
  }

  /** Fault: refuses the next `count` transfers of producers as busy. */
  rejectNextSends(count: number): void {
    this.#broker.sendsToReject = count;
  }
}
