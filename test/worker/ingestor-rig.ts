/** What the tests of the ingestor share: bodies, a decoder for them, and a writer that refuses. */
import { redactBytes } from '../../src/decode/redaction/redact.ts';
import type { DecodedMessage, SourceMessage } from '../../src/model/message.ts';
import type { WritableMessage } from '../../src/store/writable-message.ts';
import type { CommitResult, StoreWriter } from '../../src/store/writer.ts';
import { type IngestLimits, Ingestor, type IngestorOptions } from '../../src/worker/ingestor.ts';
import { connection, logRecord, SOURCE } from '../store/support.ts';

/** Bodies of these tests: a number is a client port, `!` a message that is no JSON. */
export function decode(body: Uint8Array): DecodedMessage {
  const text = Buffer.from(body).toString();
  if (text.startsWith('!')) {
    return {
      records: [],
      rejects: [{ index: null, code: 'INVALID_JSON', reason: 'no JSON', raw: body }],
      unexplained: [],
    };
  }
  return {
    records: [logRecord(connection('received', { clientPort: Number(text) }))],
    rejects: [],
    unexplained: [],
  };
}

export function sourceMessage(sequenceNumber: number, body = '5432', partition = '0'): SourceMessage {
  return {
    source: SOURCE,
    partition,
    sequenceNumber,
    offset: `o${sequenceNumber}`,
    body: Buffer.from(body),
  };
}

export const LIMITS: IngestLimits = { maxRecords: 100, maxDelayMs: 1, maxBufferedBytes: 1 << 20 };

export function ingestor(
  writer: Pick<StoreWriter, 'commit'>,
  options: Partial<IngestorOptions> = {},
): Ingestor {
  return new Ingestor({
    writer: writer as StoreWriter,
    decode,
    statements: async (messages) => messages.map(() => new Map()),
    redactBytes,
    limits: LIMITS,
    ...options,
  });
}

/**
 * Stands in for a store that refuses: a full disk cannot be had in a test. Keeps what it takes, and skips what it
 * has, as the real one does.
 */
export class RefusingWriter {
  readonly stored: WritableMessage[] = [];
  calls = 0;
  refusals: number;
  gate: Promise<void> = Promise.resolve();

  readonly error: string;

  constructor(refusals = 0, error = 'IO Error: no space left on device') {
    this.refusals = refusals;
    this.error = error;
  }

  async commit(messages: readonly WritableMessage[]): Promise<CommitResult> {
    this.calls++;
    await this.gate;
    if (this.refusals > 0) {
      this.refusals--;
      throw new Error(this.error);
    }
    const fresh = messages.filter((message) => !this.stored.some((one) => sameplace(one, message)));
    this.stored.push(...fresh);
    const records = fresh.reduce((sum, message) => sum + message.decoded.records.length, 0);
    const rejects = fresh.reduce((sum, message) => sum + message.decoded.rejects.length, 0);
    return { records, rejects, repeated: messages.length - fresh.length, copies: 0, missing: 0 };
  }

  /** Sequence numbers of a partition, in the order in which they were stored. */
  sequence(partition = '0'): number[] {
    return this.stored
      .filter(({ position }) => position.partition === partition)
      .map(({ position }) => position.sequenceNumber);
  }

  /** Holds every commit until the returned function is called. */
  hold(): () => void {
    let open = () => {};
    this.gate = new Promise((resolve) => {
      open = resolve;
    });
    return () => open();
  }
}

function sameplace(a: WritableMessage, b: WritableMessage): boolean {
  return (
    a.position.partition === b.position.partition && a.position.sequenceNumber === b.position.sequenceNumber
  );
}
