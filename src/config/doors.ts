/** The sections of the configuration about those who ask: how much a query may take, and where clients come in. */
import { isIP } from 'node:net';
import { z } from 'zod';

export const querySchema = z.strictObject({
  processes: z
    .int()
    .min(1)
    .max(16)
    .default(4)
    .describe(
      'Queries that run at a time, each in a process of its own; more wait for their turn. One less may be read page by page.',
    ),
  memoryMb: z
    .int()
    .min(128)
    .max(65_536)
    .default(1_024)
    .describe('MiB of memory that DuckDB may use for one query; its process takes up to 512 more.'),
  timeoutSeconds: z.int().min(1).max(3_600).default(60).describe('Seconds that one query may work.'),
  maxRows: z.int().min(1).max(100_000_000).default(1_000_000).describe('Rows of one answer at most.'),
  maxMegabytes: z.int().min(1).max(4_096).default(256).describe('Megabytes of one answer at most.'),
});

/** Key and certificate of a door. */
export const tlsSchema = z.strictObject({
  cert: z
    .string()
    .min(1)
    .meta({ allowed: 'a path' })
    .describe('Certificate in PEM; then those that lead to the authority, if any.'),
  key: z.string().min(1).meta({ allowed: 'a path' }).describe('Its key in PEM.'),
});

export const apiSchema = z.strictObject({
  host: z
    .string()
    .refine((text) => isIP(text) !== 0, 'must be an IP address of this machine')
    .default('127.0.0.1')
    .meta({ allowed: 'an IP address of this machine' })
    .describe('Address that the worker listens on. Another than this machine alone needs tls.'),
  port: z.int().min(1).max(65_535).default(8_090).describe('Port that the worker listens on.'),
  tls: tlsSchema.optional().meta({ allowed: 'a section of keys' }).describe('HTTPS in place of HTTP.'),
  requestsPerMinute: z
    .int()
    .min(1)
    .max(100_000)
    .default(120)
    .describe('Requests of one token in a minute at most.'),
});

export const wireSchema = z.strictObject({
  host: z
    .string()
    .refine((text) => isIP(text) !== 0, 'must be an IP address of this machine')
    .default('127.0.0.1')
    .meta({ allowed: 'an IP address of this machine' })
    .describe('Address that the worker listens on. Another than this machine alone needs tls.'),
  port: z.int().min(1).max(65_535).default(5_433).describe('Port that the worker listens on.'),
  tls: tlsSchema
    .optional()
    .meta({ allowed: 'a section of keys' })
    .describe('With it nobody signs in over an unencrypted connection.'),
  connections: z.int().min(1).max(1_000).default(20).describe('Clients that are signed in at a time.'),
  idleMinutes: z
    .int()
    .min(1)
    .max(10_000)
    .default(30)
    .describe('Minutes of silence after which a client is sent away.'),
});
