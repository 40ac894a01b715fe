/** SCRAM verifiers as text, in the form of PostgreSQL's `pg_authid.rolpassword` (RFC 5803). */
import type { ScramVerifier } from '../wire/scram.ts';

export function verifierText({ iterations, salt, storedKey, serverKey }: ScramVerifier): string {
  const text = (bytes: Buffer) => bytes.toString('base64');
  return `SCRAM-SHA-256$${iterations}:${text(salt)}$${text(storedKey)}:${text(serverKey)}`;
}

/** @throws Error when it has another form */
export function parseVerifier(text: string): ScramVerifier {
  const match = /^SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):(.+)$/.exec(text);
  if (match === null) throw new Error('a SCRAM verifier has another form');
  const bytes = (part: string | undefined) => Buffer.from(part ?? '', 'base64');
  return {
    iterations: Number(match[1]),
    salt: bytes(match[2]),
    storedKey: bytes(match[3]),
    serverKey: bytes(match[4]),
  };
}
