/** A number for each session, so that joins need not compare two texts. */
import { hash } from 'node:crypto';

/**
 * 64 bits of SHA-256 over (server, session); null without a session. The server's own process writes the id, from its start and
 * its pid: nobody chooses it, and a million sessions share a number by chance once in 37 million times.
 */
export function sessionKey(server: string, sessionId: string | null): bigint | null {
  if (sessionId === null) return null;
  return BigInt(`0x${hash('sha256', `${server}\n${sessionId}`, 'hex').slice(0, 16)}`);
}
