/** The other side of `worker/control.ts`: how a command finds the running worker of a data folder and talks to it. */
import { readFile, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { ERROR_CODES, type ErrorCode, messageOf, PgvigilError } from '../errors.ts';

/** Snapshots wait for the current transaction and copy the whole file. */
const SNAPSHOT_TIMEOUT_MS = 120_000;
const STATUS_TIMEOUT_MS = 10_000;
/** A change waits for the current transaction. */
const CHANGE_TIMEOUT_MS = 60_000;

const workerFile = z.object({
  pid: z.int().positive(),
  port: z.int().min(1).max(65_535),
  token: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});

/** What a running worker leaves in its data folder for commands: mode 0600, as the token opens everything. */
export type WorkerFile = z.infer<typeof workerFile>;

export function workerFilePath(dataDir: string): string {
  return join(dataDir, 'worker.json');
}

/** Folder of the copies that other processes read. */
export function snapshotFolder(dataDir: string): string {
  return join(dataDir, 'snapshots');
}

/** The worker that holds a data folder; null when there is none, or only what a killed one left behind. */
export async function findWorker(dataDir: string): Promise<WorkerFile | null> {
  let text: string;
  try {
    text = await readFile(workerFilePath(dataDir), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw unreachable(`${workerFilePath(dataDir)} cannot be read: ${messageOf(error)}`, error);
  }
  const parsed = workerFile.safeParse(parseJson(text));
  return parsed.success && isAlive(parsed.data.pid) ? parsed.data : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // it lives, and belongs to another user
  }
}

/**
 * Asks for a copy of the database as of now. The caller deletes the file.
 *
 * @returns its path, inside `snapshotFolder(dataDir)`
 * @throws PgvigilError WORKER_UNREACHABLE
 */
export async function requestSnapshot(dataDir: string, worker: WorkerFile): Promise<string> {
  const answer = await call(worker, 'POST', '/snapshot', SNAPSHOT_TIMEOUT_MS);
  const path = (answer as { path?: unknown } | null)?.path;
  // The pid may have been given to a stranger, who listens on that port and answers what he likes.
  if (typeof path !== 'string' || !(await isInside(path, snapshotFolder(dataDir)))) {
    throw unreachable('the worker answered with something else than a snapshot of this folder');
  }
  return path;
}

async function isInside(path: string, folder: string): Promise<boolean> {
  try {
    return dirname(await realpath(path)) === (await realpath(folder));
  } catch {
    return false;
  }
}

/**
 * What the running worker says of itself.
 *
 * @throws PgvigilError WORKER_UNREACHABLE
 */
export async function requestStatus(worker: WorkerFile): Promise<unknown> {
  return call(worker, 'GET', '/status', STATUS_TIMEOUT_MS);
}

/**
 * Asks for a change of the allow-list; see `worker/allow-list-route.ts`.
 *
 * @returns id of the entry
 * @throws PgvigilError WORKER_UNREACHABLE, and what the worker has against the change
 */
export async function requestAllowChange(worker: WorkerFile, change: object): Promise<string> {
  const answer = await call(worker, 'POST', '/allow-list', CHANGE_TIMEOUT_MS, change);
  const id = (answer as { id?: unknown } | null)?.id;
  if (typeof id !== 'string') throw unreachable('the worker answered with something else than an id');
  return id;
}

/**
 * Asks for something about alerts; see `alerts/requests.ts`.
 *
 * @returns what the worker answered, as JSON
 * @throws PgvigilError WORKER_UNREACHABLE, and what the worker has against it
 */
export async function requestOfAlerts(worker: WorkerFile, request: object): Promise<unknown> {
  return call(worker, 'POST', '/alerts', CHANGE_TIMEOUT_MS, request);
}

/**
 * Asks for a change of access tokens; see `worker/tokens-route.ts`.
 *
 * @returns the text of a new token; null after a revocation
 * @throws PgvigilError WORKER_UNREACHABLE, and what the worker has against it
 */
export async function requestTokenChange(worker: WorkerFile, change: object): Promise<string | null> {
  const answer = await call(worker, 'POST', '/tokens', CHANGE_TIMEOUT_MS, change);
  const token = (answer as { token?: unknown } | null)?.token;
  if (typeof token !== 'string' && token !== null)
    throw unreachable('the worker answered with something else than a token');
  return token;
}

async function call(
  worker: WorkerFile,
  method: 'GET' | 'POST',
  path: string,
  timeoutMs: number,
  body?: object,
): Promise<unknown> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(`http://127.0.0.1:${worker.port}${path}`, {
      method,
      redirect: 'error',
      headers: { authorization: `Bearer ${worker.token}` },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    text = await response.text();
  } catch (error) {
    throw unreachable(`the worker (pid ${worker.pid}) does not answer on port ${worker.port}`, error);
  }
  if (response.status === 422) throw refusal(parseJson(text));
  if (!response.ok) {
    throw unreachable(`the worker (pid ${worker.pid}) answered ${path} with ${response.status}`);
  }
  return parseJson(text);
}

const refusalShape = z.object({
  error: z.object({
    code: z.string().refine((code): code is ErrorCode => Object.hasOwn(ERROR_CODES, code)),
    message: z.string(),
    hint: z.string(),
  }),
});

/** The worker's own error, as if it had happened here. */
function refusal(answer: unknown): PgvigilError {
  const parsed = refusalShape.safeParse(answer);
  if (!parsed.success) return unreachable('the worker refused the request without a reason');
  const { code, message, hint } = parsed.data.error;
  return new PgvigilError(code as ErrorCode, message, hint);
}

function unreachable(message: string, cause?: unknown): PgvigilError {
  return new PgvigilError(
    'WORKER_UNREACHABLE',
    message,
    'Look at the log of `pgvigil run`; commands also work while it is stopped.',
    cause,
  );
}
