/** What the hub needs from rhea and rhea's typings leave out. */
import type { Socket } from 'node:net';
import rhea, { type Connection, type Sender, type Typed } from 'rhea';

export const { message, types } = rhea;

interface Writer {
  write(value: Typed): void;
  toBuffer(): Buffer;
}

interface Outgoing {
  /** Id of the next delivery that will be handed over. */
  next_delivery_id: number;
  /** Id of the oldest delivery that is not on the wire yet. */
  next_pending_delivery: number;
  /** Free places for unsettled deliveries. */
  available(): number;
}

/** Encodes one AMQP value. */
export function encodeValue(value: Typed): Buffer {
  const { Writer } = types as unknown as { Writer: new () => Writer };
  const writer = new Writer();
  writer.write(value);
  return writer.toBuffer();
}

/** Link credit that the peer granted and that nothing on the wire has used yet. */
export function linkCredit(link: Sender): number {
  return (link as Sender & { credit: number }).credit;
}

/**
 * How many messages may be handed to rhea for this link now.
 * rhea takes a message off the credit when it is written, not when it is handed over, and throws once its buffer
 * of unsettled deliveries is full: what still waits in the session, and the room in that buffer, both count.
 */
export function sendableNow(link: Sender): number {
  const { outgoing } = link.session as unknown as { outgoing: Outgoing };
  const waiting = outgoing.next_delivery_id - outgoing.next_pending_delivery;
  return Math.min(linkCredit(link) - waiting, outgoing.available());
}

export function socketOf(connection: Connection): Socket {
  return connection.socket as Socket;
}
