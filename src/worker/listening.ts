/** Ports of the worker: taken at its start, given back at its end. */
import type { Server, ServerOptions } from 'node:http';
import { type ServerType, serve } from '@hono/node-server';
import type { Hono } from 'hono';
import { PgvigilError } from '../errors.ts';

export interface Address {
  host: string;
  /** 0: any free one. */
  port: number;
  /** Key of the configuration that names the port. */
  key: string;
  /** What to do when it is taken. */
  hint: string;
}

/** @throws PgvigilError CONFIG_INVALID when the port is taken */
export async function listen(
  app: Hono,
  { host, port, key, hint }: Address,
  serverOptions: ServerOptions = {},
): Promise<ServerType> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: host, port, serverOptions }, () => {
      server.off('error', refuse);
      resolve(server);
    });
    const refuse = (error: NodeJS.ErrnoException) =>
      reject(
        new PgvigilError(
          'CONFIG_INVALID',
          `${key}: cannot listen on ${host}:${port} (${error.code})`,
          hint,
          error,
        ),
      );
    server.once('error', refuse);
  });
}

/** Stops listening; connections that are open end. */
export async function stopListening(server: ServerType): Promise<void> {
  await new Promise<void>((resolve) => {
    (server as Server).close(() => resolve());
    (server as Server).closeAllConnections();
  });
}
