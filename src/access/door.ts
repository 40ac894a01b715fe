/** What the doors that others come through have in common: where they may stand, and how they open. */
import { isIP, type Server } from 'node:net';
import { messageOf, PgvigilError } from '../errors.ts';
import type { Log } from '../log.ts';

/** Section of the configuration that a door belongs to. */
export type DoorSection = 'api' | 'wire';

/** Only this machine reaches it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** @throws PgvigilError CONFIG_INVALID where others than this machine could listen to what is said unencrypted */
export function refuseExposure(section: DoorSection, host: string, tls: object | null): void {
  if (isLoopback(host) || tls !== null) return;
  throw new PgvigilError(
    'CONFIG_INVALID',
    `${section}.host: ${host} can be reached from elsewhere, and ${section}.tls is not configured`,
    `Name a certificate and its key (${section}.tls.cert, ${section}.tls.key), or listen on 127.0.0.1.`,
  );
}

/** What `make` makes of key and certificate. @throws PgvigilError CONFIG_INVALID when they cannot be used */
export function withCertificate<T>(section: DoorSection, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new PgvigilError(
      'CONFIG_INVALID',
      `${section}.tls: key and certificate cannot be used: ${messageOf(error)}`,
      'Both are PEM; the certificate comes first in its file, then those that lead to the authority.',
      error,
    );
  }
}

export interface Place {
  section: DoorSection;
  host: string;
  /** 0: any free one. */
  port: number;
  log: Pick<Log, 'error'>;
}

/**
 * Listens, and returns the port. Later errors of the server are logged: a client that cannot be accepted must not end the worker.
 *
 * @throws PgvigilError CONFIG_INVALID when the port is taken
 */
export async function openPort(server: Server, { section, host, port, log }: Place): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException) =>
      reject(
        new PgvigilError(
          'CONFIG_INVALID',
          `${section}.port: cannot listen on ${host}:${port} (${error.code})`,
          `Choose another ${section}.port, or an address of this machine for ${section}.host.`,
          error,
        ),
      );
    server.once('error', refuse);
    server.listen(port, host, () => {
      server.off('error', refuse);
      resolve();
    });
  });
  server.on('error', (error) => log.error({ section, error: messageOf(error) }, 'a client was not let in'));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}
