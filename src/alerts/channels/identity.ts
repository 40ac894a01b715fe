/** Who pgvigil is to Azure, where a channel needs a token of Microsoft Entra. */
import type { TokenCredential } from '@azure/identity';
import { z } from 'zod';
import { type SecretRef, secretRef } from '../../config/references.ts';
import { PgvigilError } from '../../errors.ts';
import type { ChannelContext } from './channel.ts';

/** Keys of a channel that signs in. All three, or none. */
export const identityShape = {
  tenantId: z
    .string()
    .regex(/^[A-Za-z0-9.-]{1,100}$/)
    .optional()
    .meta({ allowed: 'the id of a tenant' })
    .describe('Tenant of the identity. Without tenantId, clientId and clientSecret: the default identity.'),
  clientId: z
    .string()
    .regex(/^[0-9A-Fa-f-]{36}$/)
    .optional()
    .meta({ allowed: 'the id of an application' })
    .describe('Application (client) id of the identity.'),
  clientSecret: secretRef.optional().describe('Client secret of the identity.'),
};

export interface IdentityOptions {
  tenantId?: string | undefined;
  clientId?: string | undefined;
  clientSecret?: SecretRef | undefined;
}

export interface Identity {
  credential: TokenCredential;
  /** Texts that no error may show. */
  secrets: readonly string[];
}

/** The identity that the configuration names. @throws PgvigilError CONFIG_INVALID, SECRET_INVALID */
export async function identityOf(
  { tenantId, clientId, clientSecret }: IdentityOptions,
  { name, secret }: Pick<ChannelContext, 'name' | 'secret'>,
): Promise<Identity> {
  // Large, and only needed here.
  const { ClientSecretCredential, DefaultAzureCredential } = await import('@azure/identity');
  if (tenantId !== undefined && clientId !== undefined && clientSecret !== undefined) {
    const text = (await secret(clientSecret)).trim();
    return { credential: new ClientSecretCredential(tenantId, clientId, text), secrets: [text] };
  }
  if (tenantId !== undefined || clientId !== undefined || clientSecret !== undefined) {
    throw new PgvigilError(
      'CONFIG_INVALID',
      `channel ${name} has some of tenantId, clientId and clientSecret`,
      'Give all three, or none: the default identity is then a managed identity, or that of the environment.',
    );
  }
  return { credential: new DefaultAzureCredential(), secrets: [] };
}

/** Errors of @azure/identity. */
const NO_TOKEN: readonly string[] = [
  'CredentialUnavailableError',
  'AuthenticationRequiredError',
  'AuthenticationError',
  'AggregateAuthenticationError',
];

/** Why there is no token, in short: texts of Microsoft Entra may quote too much. Null for any other error. */
export function noTokenReason({ name, message }: Error): string | null {
  if (!NO_TOKEN.includes(name)) return null;
  const [code] = /AADSTS\d+/.exec(message) ?? [];
  return `no token for the identity (${code ?? name})`;
}
