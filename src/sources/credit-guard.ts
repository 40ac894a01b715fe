import { createRequire } from 'node:module';
import { Receiver } from 'rhea-promise';
import { PgvigilError } from '../errors.ts';

type AddCredit = Receiver['addCredit'];

/** Marks the guarded method, also for another copy of this module. */
const GUARDED = Symbol.for('pgvigil.creditGuard');

/**
 * Bounds what the Event Hubs client asks for. Each of its receive cycles grants `wanted` events (prefetch count less
 * the events it holds) on top of whatever it granted before, so an idle or trickling partition ends in thousands of
 * events that a burst then puts into memory at once (@azure/event-hubs 6.0.4, Azure/azure-sdk-for-js issue 39452).
 * With the guard a cycle only tops the outstanding credit up to `wanted`.
 *
 * Install it before the first client receives; installing it again does nothing. It changes every receiver of
 * rhea-promise in this process: links with a credit window of their own never call the method.
 * Throws `INTERNAL` when the client uses another copy of rhea-promise, which the guard would not reach.
 */
export function installCreditGuard(): void {
  if (clientReceiver() !== Receiver)
    throw new PgvigilError(
      'INTERNAL',
      'The Event Hubs client uses another copy of rhea-promise than pgvigil.',
      'Reinstall pgvigil with its own package-lock.json, so that there is one copy.',
    );
  const add: AddCredit & { [GUARDED]?: true } = Receiver.prototype.addCredit;
  if (add[GUARDED]) return;
  const topUp: AddCredit = function (this: Receiver, wanted) {
    const missing = wanted - this.credit;
    if (missing > 0) add.call(this, missing);
  };
  Receiver.prototype.addCredit = Object.assign(topUp, { [GUARDED]: true as const });
}

/** The class whose objects the client receives with: connections come from @azure/core-amqp, which it depends on. */
function clientReceiver(): unknown {
  const client = createRequire(createRequire(import.meta.url).resolve('@azure/event-hubs'));
  const amqp = createRequire(client.resolve('@azure/core-amqp'));
  return (amqp('rhea-promise') as { Receiver?: unknown }).Receiver;
}
