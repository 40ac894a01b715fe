/** A bare AMQP client: for what the Event Hubs client never does, or does without telling. */
import { createHmac } from 'node:crypto';
import rhea, { type AmqpError, type Connection, type EventContext, type Receiver, type Sender } from 'rhea';
import type { LoopbackHub } from '../../../src/demo/hub/hub.ts';

const container = rhea.create_container({ id: 'raw-client' });

export async function connectRaw(hub: LoopbackHub, options: object = {}): Promise<Connection> {
  const port = Number(/:(\d+);/.exec(hub.connectionString)![1]);
  const connection = container.connect({
    host: '127.0.0.1',
    port,
    reconnect: false,
    username: 'anyone',
    ...options,
  });
  connection.on('disconnected', () => {});
  await next(connection, 'connection_open');
  return connection;
}

/** Puts a token for the whole hub; returns the status code. */
export async function putToken(
  connection: Connection,
  hub: LoopbackHub,
  expiresAt = Date.now() + 60_000,
): Promise<number> {
  const [, name, key, entity] = /KeyName=(.*?);SharedAccessKey=(.*?);EntityPath=(.*?);/.exec(
    hub.connectionString,
  )!;
  const resource = `sb://127.0.0.1/${entity}`;
  const sr = encodeURIComponent(resource);
  const se = Math.floor(expiresAt / 1000);
  const sig = createHmac('sha256', key!).update(`${sr}\n${se}`).digest('base64');
  const properties = { operation: 'put-token', type: 'servicebus.windows.net:sastoken', name: resource };
  const token = `SharedAccessSignature sr=${sr}&sig=${encodeURIComponent(sig)}&se=${se}&skn=${name}`;
  return request(connection, '$cbs', properties, token);
}

/** Asks a request/response node; returns the status code. */
export async function request(
  connection: Connection,
  node: string,
  properties: object,
  body: unknown = '',
): Promise<number> {
  const replyTo = `replies of ${node}`;
  const replies = connection.open_receiver({ name: replyTo, source: node });
  const requests = connection.open_sender({ target: node });
  await next(requests, 'sendable');
  requests.send({ message_id: '1', reply_to: replyTo, application_properties: { ...properties }, body });
  const { message } = await next(replies, 'message');
  for (const link of [requests, replies]) link.close();
  return message!.application_properties!['status-code'];
}

/** The error with which the hub closes a link, or undefined once the link has come to life. */
export async function refusalOf(link: Sender | Receiver): Promise<AmqpError | undefined> {
  const side = link.is_sender() ? 'sender' : 'receiver';
  const closed = next(link, `${side}_error`).then(() => link.error as AmqpError);
  const alive = link.is_sender() ? next(link, 'sendable') : next(link, 'message');
  return Promise.race([closed, alive.then(() => undefined)]);
}

export function next(emitter: Connection | Sender | Receiver, event: string): Promise<EventContext> {
  return new Promise((resolve) => emitter.once(event, resolve));
}
