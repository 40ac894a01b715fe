/** The command line as its user meets it: a process of its own, in a folder without configuration. */
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packagePath } from '../../src/paths.ts';
import { CLI } from '../support/cli.ts';

export const RECORDING = packagePath('fixtures/recorded/flexible-15.ndjson.gz');

export interface Outcome {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** A temporary folder to work in; `remove` leaves nothing behind. */
export async function workFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'pgvigil-cli-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Runs a command to its end, its output in pipes. */
export function pgvigil(
  cwd: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, ...args], {
      cwd,
      env: { PATH: process.env.PATH, HOME: cwd, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 60_000,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
}

/** Runs a command at a pseudo-terminal and returns what it shows. Linux only: `script` of util-linux. */
export function atTerminal(cwd: string, args: readonly string[]): Promise<string> {
  const line = [process.execPath, CLI, ...args].map((word) => `'${word}'`).join(' ');
  return new Promise((resolve, reject) => {
    execFile(
      'script',
      ['--quiet', '--command', line, '/dev/null'],
      { cwd, env: { PATH: process.env.PATH, HOME: cwd, TERM: 'xterm' }, timeout: 60_000 },
      (error, stdout) => (error?.code === 'ENOENT' ? reject(error) : resolve(stdout)),
    );
  });
}
