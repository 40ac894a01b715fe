import type { AmqpError } from 'rhea';

/** A request that the hub turns down, with the AMQP error (AMQP 1.0 part 2, 2.8.14) that says so on the wire. */
export class Refusal extends Error {
  readonly condition: string;

  constructor(condition: string, description: string) {
    super(description);
    this.name = 'Refusal';
    this.condition = condition;
  }
}

/** The error as it goes on the wire; whatever is not a refusal is a fault of the hub itself. */
export function toAmqpError(error: unknown): AmqpError {
  if (error instanceof Refusal) return { condition: error.condition, description: error.message };
  return {
    condition: 'amqp:internal-error',
    description: error instanceof Error ? error.message : String(error),
  };
}

/** The wording matters: the client tells a missing entity from other `amqp:not-found` errors by it. */
export function entityNotFound(entity: string): Refusal {
  return new Refusal('amqp:not-found', `The messaging entity '${entity}' could not be found.`);
}

export function unauthorized(description: string): Refusal {
  return new Refusal('amqp:unauthorized-access', description);
}
