/** Microsoft's Event Hubs client: how it is made, what its errors mean, what a hub holds. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CheckpointStore,
  EventHubConsumerClient,
  type EventHubConsumerClientOptions,
  RetryMode,
} from '@azure/event-hubs';
import type { TokenCredential } from '@azure/identity';
import { messageOf, PgvigilError } from '../errors.ts';
import { PositionsAsCheckpoints } from './positions-as-checkpoints.ts';

/** The client's own close can hang after a lost link. */
export const CLOSE_DEADLINE_MS = 5_000;

/** How to reach the hub: a connection string (which may name the hub), or namespace and identity. */
export type HubAddress =
  | { connectionString: string; hub: string | undefined }
  | { fullyQualifiedNamespace: string; hub: string; credential: TokenCredential };

export interface HubClientOptions {
  address: HubAddress;
  consumerGroup: string;
  /** How long an operation of the client may take, milliseconds. Default 30 s. */
  operationTimeoutMs?: number;
  /** How often the client looks after its partitions, milliseconds. Default 10 s. */
  balanceIntervalMs?: number;
}

/** Name of the stream in positions and records. */
export function sourceName(client: EventHubConsumerClient, consumerGroup: string): string {
  return `eventhub:${client.fullyQualifiedNamespace}/${client.eventHubName}/${consumerGroup}`;
}

/**
 * Creates the client; it connects on first use.
 *
 * @throws PgvigilError SOURCE_REFUSED for a malformed connection string, without quoting it
 */
export function createClient(
  options: HubClientOptions,
  checkpoints: CheckpointStore,
): EventHubConsumerClient {
  const { address, consumerGroup } = options;
  const clientOptions: EventHubConsumerClientOptions = {
    retryOptions: {
      mode: RetryMode.Exponential,
      maxRetries: 3,
      retryDelayInMs: 500,
      maxRetryDelayInMs: 15_000,
      timeoutInMs: options.operationTimeoutMs ?? 30_000,
    },
    loadBalancingOptions: {
      strategy: 'greedy',
      updateIntervalInMs: options.balanceIntervalMs ?? 10_000,
      partitionOwnershipExpirationIntervalInMs: 60_000,
    },
  };
  try {
    if ('credential' in address) {
      const { fullyQualifiedNamespace, hub, credential } = address;
      return new EventHubConsumerClient(
        consumerGroup,
        fullyQualifiedNamespace,
        hub,
        credential,
        checkpoints,
        clientOptions,
      );
    }
    return address.hub === undefined
      ? new EventHubConsumerClient(consumerGroup, address.connectionString, checkpoints, clientOptions)
      : new EventHubConsumerClient(
          consumerGroup,
          address.connectionString,
          address.hub,
          checkpoints,
          clientOptions,
        );
  } catch {
    // The client's own message may quote the connection string.
    throw new PgvigilError(
      'SOURCE_REFUSED',
      'the connection string of the event hub is malformed, or names another hub than eventHub.name',
      'Copy it again from the portal: Event Hubs namespace → Shared access policies; it begins with Endpoint=sb://.',
    );
  }
}

/** The SDK's name of an error, e.g. `UnauthorizedError`. */
export function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code;
}

/** The error for a hub that says no for good; null for trouble that may pass. */
export function refusalOf(error: unknown, source: string): PgvigilError | null {
  const codes = error instanceof AggregateError ? error.errors.map(codeOf) : [codeOf(error)];
  const hints: Record<string, string> = {
    UnauthorizedError:
      'Check the key, or give the identity the role "Azure Event Hubs Data Receiver" on the hub.',
    MessagingEntityNotFoundError: 'Check eventHub.name and eventHub.consumerGroup.',
    ArgumentError: 'Check eventHub.name and eventHub.consumerGroup.',
    CredentialUnavailableError: 'Sign in (`az login`) or give the host a managed identity.',
    AuthenticationRequiredError: 'Sign in (`az login`) or give the host a managed identity.',
  };
  for (const code of codes) {
    const hint = typeof code === 'string' ? hints[code] : undefined;
    if (hint !== undefined) {
      return new PgvigilError('SOURCE_REFUSED', `${source} refused us: ${messageOf(error)}`, hint, error);
    }
  }
  return null;
}

/** What a hub holds. */
export interface HubInspection {
  source: string;
  partitions: { partition: string; messages: number }[];
}

/**
 * Asks the hub for its partitions, without reading from it.
 *
 * @throws PgvigilError SOURCE_REFUSED when it says no, or gives no answer within `timeoutMs`
 */
export async function inspectHub(options: HubClientOptions, timeoutMs: number): Promise<HubInspection> {
  const client = createClient(
    { ...options, operationTimeoutMs: timeoutMs / 2 },
    new PositionsAsCheckpoints(() => undefined),
  );
  const source = sourceName(client, options.consumerGroup);
  const asking = partitionsOf(client);
  const late = sleep(timeoutMs, undefined, { ref: false }).then(() => {
    throw new Error(`no answer within ${timeoutMs / 1000} s`);
  });
  try {
    return { source, partitions: await Promise.race([asking, late]) };
  } catch (error) {
    throw (
      refusalOf(error, source) ??
      new PgvigilError(
        'SOURCE_REFUSED',
        `${source} cannot be reached: ${messageOf(error)}`,
        'Check the network path to the namespace: port 5671, firewall, private endpoint, DNS.',
        error,
      )
    );
  } finally {
    late.catch(() => undefined);
    const closing = Promise.allSettled([asking, client.close()]);
    await Promise.race([closing, sleep(CLOSE_DEADLINE_MS, undefined, { ref: false })]);
  }
}

async function partitionsOf(client: EventHubConsumerClient): Promise<HubInspection['partitions']> {
  const ids = await client.getPartitionIds();
  return Promise.all(
    ids.map(async (partition) => {
      const known = await client.getPartitionProperties(partition);
      const messages = known.isEmpty
        ? 0
        : known.lastEnqueuedSequenceNumber - known.beginningSequenceNumber + 1;
      return { partition, messages };
    }),
  );
}
