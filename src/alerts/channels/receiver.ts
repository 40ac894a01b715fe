/** What holds for every receiver in the network, whatever it speaks: who it may be, and what of its answers may be shown. */
import { rootCertificates } from 'node:tls';
import { PgvigilError } from '../../errors.ts';
import { printable } from '../../printable.ts';
import { AddressGuard } from './address-guard.ts';
import type { ChannelContext } from './channel.ts';

const MAX_SHOWN = 160;
/** Shorter texts stand in answers by chance. */
const MIN_SECRET = 4;

/**
 * The guard for connections to a receiver.
 *
 * @param shown host as errors may show it
 * @throws PgvigilError CONFIG_INVALID when the host is an address that is not allowed
 */
export function guardOf(
  { name, allowPrivate }: Pick<ChannelContext, 'name' | 'allowPrivate'>,
  hostname: string,
  shown: string,
): AddressGuard {
  const guard = new AddressGuard(allowPrivate);
  const refused = guard.refusalOfHost(hostname);
  if (refused === null) return guard;
  throw new PgvigilError(
    'CONFIG_INVALID',
    `channel ${name} would send alerts to ${shown}: ${refused.message}`,
    'Where that is meant, name the host in allowPrivate of the channel.',
  );
}

/** Options for tls, https and whatever passes them on: TLS 1.2 or newer with a verified certificate. */
export function verifiedTls(ca: string | undefined): {
  minVersion: 'TLSv1.2';
  rejectUnauthorized: true;
  ca?: string[];
} {
  return {
    minVersion: 'TLSv1.2',
    // Said outright: NODE_TLS_REJECT_UNAUTHORIZED=0 must not reach this far.
    rejectUnauthorized: true,
    ...(ca !== undefined && { ca: [...rootCertificates, ca] }),
  };
}

/** What a receiver said, as errors may show it: the beginning, on one printable line, without the channel's secrets. */
export function shownText(text: string, secrets: readonly string[]): string {
  let shown = text;
  for (const secret of secrets) if (secret.length >= MIN_SECRET) shown = shown.replaceAll(secret, '…');
  const line = printable(shown.replace(/\s+/g, ' ').trim());
  return line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}…` : line;
}

/** What went wrong with a connection, as a code: texts of errors may quote the address. */
export function causeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return causeOf(error.errors[0]);
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (code === 'ADDRESS_REFUSED') return String(message);
  return typeof code === 'string' && /^[A-Z0-9_]{1,60}$/.test(code) ? code : 'the connection failed';
}
