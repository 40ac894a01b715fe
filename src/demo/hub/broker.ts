import type { Connection, Container, Delivery, EventContext, Message, Receiver, Sender } from 'rhea';
import { ClientConnection, type Reply, refusedReply } from './client-connection.ts';
import type { EventHub } from './event-hub.ts';
import { readProperties } from './management.ts';
import { MAX_MESSAGE_SIZE, storeTransfer } from './producer.ts';
import { Reader } from './reader.ts';
import { Refusal, toAmqpError } from './refusal.ts';
import { startPositionOf } from './selector.ts';
import { covers, type SharedAccessKey, verifyToken } from './tokens.ts';
import { message as codec, socketOf } from './wire.ts';

/** Nodes that answer requests: tokens, and properties of hub and partitions. */
const TOKEN_NODE = '$cbs';
const MANAGEMENT_NODE = '$management';
const EPOCH = 'com.microsoft:epoch';
const RUNTIME_METRICS = 'com.microsoft:enable-receiver-runtime-metric';
/** Transfers that a producer may have on the way. */
const PRODUCER_CREDIT = 300;
/** rhea's server throws what nobody listens to; each of these ends in the close of a link, session or socket. */
const NOTICES = [
  'connection_error',
  'connection_close',
  'disconnected',
  'error',
  'protocol_error',
  'receiver_error',
  'sender_error',
  'session_error',
];

/** Options of a container that a broker serves. */
export const CONTAINER_OPTIONS = {
  receiver_options: { credit_window: 0, autoaccept: false, max_message_size: MAX_MESSAGE_SIZE },
};

/** Speaks AMQP with the clients of one hub: gives out links, checks tokens, stores what is sent, feeds readers. */
export class Broker {
  readonly clients = new Map<Connection, ClientConnection>();
  /** How many of the next transfers are refused as if the service were busy. */
  sendsToReject = 0;
  readonly #hub: EventHub;
  readonly #policy: SharedAccessKey;

  constructor(hub: EventHub, policy: SharedAccessKey) {
    this.#hub = hub;
    this.#policy = policy;
  }

  serve(container: Container): void {
    container.on('connection_open', ({ connection }: EventContext) => this.#welcome(connection));
    container.on('receiver_open', ({ receiver }: EventContext) => this.#openProducer(receiver!));
    container.on('sender_open', ({ sender }: EventContext) => this.#openConsumer(sender!));
    container.on('message', (context: EventContext & { format?: number }) => this.#receive(context));
    container.on('sender_flow', ({ sender }: EventContext) => this.#readerOn(sender!)?.wake());
    container.on('settled', ({ sender }: EventContext) => sender && this.#readerOn(sender)?.wake());
    container.on('sender_close', ({ sender }: EventContext) => this.#closeConsumer(sender!));
    container.on('session_close', ({ session }: EventContext) =>
      session!.each_sender(
        (link: Sender) => this.#closeConsumer(link),
        () => true,
      ),
    );
    for (const notice of NOTICES) container.on(notice, () => {});
  }

  #welcome(connection: Connection): void {
    const client = new ClientConnection(connection);
    this.clients.set(connection, client);
    // The socket, because rhea does not report every way in which a connection can end.
    socketOf(connection).once('close', () => {
      client.stopReaders();
      this.clients.delete(connection);
    });
  }

  /** A client's sender: requests to a node, or events. Credit goes out with the attach, as the client expects. */
  #openProducer(link: Receiver): void {
    const address = addressOf(link.target);
    link.set_source({ address: addressOf(link.source) });
    link.set_target({ address });
    try {
      if (address !== TOKEN_NODE && address !== MANAGEMENT_NODE) {
        this.#hub.sendTarget(address);
        this.#client(link).claims.require(address, Date.now());
      }
      link.add_credit(PRODUCER_CREDIT);
    } catch (error) {
      link.close(toAmqpError(error));
    }
  }

  /** A client's receiver: replies of a node, or a partition. A refused link is attached, then closed with the error. */
  #openConsumer(link: Sender): void {
    const address = addressOf(link.source);
    link.set_source({ address });
    link.set_target({ address: addressOf(link.target) });
    try {
      if (address === TOKEN_NODE || address === MANAGEMENT_NODE) this.#client(link).addReplyLink(link);
      else this.#openReader(link, address);
    } catch (error) {
      link.close(toAmqpError(error));
    }
  }

  #openReader(link: Sender, address: string): void {
    const client = this.#client(link);
    const { group, partition } = this.#hub.readTarget(address);
    client.claims.require(address, Date.now());
    const epoch = link.properties?.[EPOCH];
    const reader = new Reader({
      link,
      partition,
      next: partition.find(startPositionOf(link.source.filter)),
      epoch: epoch === undefined || epoch === null ? null : Number(epoch),
      withRuntimeMetrics: [link.desired_capabilities ?? []].flat().map(String).includes(RUNTIME_METRICS),
      onStop: () => {
        group.leave(reader);
        client.readers.delete(reader);
      },
    });
    try {
      group.admit(reader);
    } catch (error) {
      reader.stop();
      throw error;
    }
    client.readers.add(reader);
    reader.wake();
  }

  #closeConsumer(link: Sender): void {
    this.#readerOn(link)?.stop();
    this.clients.get(link.connection)?.removeReplyLink(link);
  }

  #receive(context: EventContext & { format?: number }): void {
    const { receiver, delivery, message, format } = context as Required<EventContext> & { format?: number };
    receiver.add_credit(1);
    const address = addressOf(receiver.target);
    if (address === TOKEN_NODE)
      this.#answer(receiver, delivery, message, () => this.#putToken(receiver, message));
    else if (address === MANAGEMENT_NODE)
      this.#answer(receiver, delivery, message, () => this.#read(message));
    else this.#store(address, delivery, message, format);
  }

  #answer(link: Receiver, delivery: Delivery, request: Message, answer: () => Reply): void {
    delivery.accept();
    let reply: Reply;
    try {
      reply = answer();
    } catch (error) {
      reply = refusedReply(error);
    }
    this.#client(link).reply(request, reply);
  }

  #putToken(link: Receiver, request: Message): Reply {
    const { operation, name, type } = request.application_properties ?? {};
    if (operation !== 'put-token' || type !== 'servicebus.windows.net:sastoken')
      throw new Refusal(
        'amqp:not-implemented',
        'Only put-token with a shared access signature is implemented.',
      );
    const claim = verifyToken(String(request.body), this.#policy, Date.now());
    if (!covers(claim.scope, String(name)))
      throw new Refusal('amqp:unauthorized-access', `The token is for '${claim.scope}', not for '${name}'.`);
    this.#client(link).claims.add(claim);
    return { status: 202, description: 'Accepted' };
  }

  #read(request: Message): Reply {
    const properties = request.application_properties ?? {};
    const body = readProperties(this.#hub, this.#policy, properties, Date.now());
    return { status: 200, description: 'OK', body };
  }

  /** rhea decodes a message of format 0 and hands over any other as bytes. */
  #store(address: string, delivery: Delivery, message: Message | Buffer, format: number | undefined): void {
    try {
      if (this.sendsToReject > 0) {
        this.sendsToReject -= 1;
        throw new Refusal('com.microsoft:server-busy', 'The server is busy. Please retry later.');
      }
      const encoded = Buffer.isBuffer(message) ? message : codec.encode(message);
      storeTransfer(this.#hub, this.#hub.sendTarget(address), encoded, format ?? 0, Date.now());
      delivery.accept();
    } catch (error) {
      delivery.reject(toAmqpError(error));
    }
  }

  #client(link: Sender | Receiver): ClientConnection {
    const client = this.clients.get(link.connection);
    if (client === undefined) throw new Refusal('amqp:illegal-state', 'The connection is not open.');
    return client;
  }

  #readerOn(link: Sender): Reader | undefined {
    const readers = this.clients.get(link.connection)?.readers ?? [];
    for (const reader of readers) if (reader.link === link) return reader;
    return undefined;
  }
}

function addressOf(terminus: { address?: string } | undefined): string {
  return String(terminus?.address ?? '');
}
