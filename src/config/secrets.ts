/** Reads secrets at the moment of use, so that the configuration can be printed and logged. */
import { readFile, stat } from 'node:fs/promises';
import { PgvigilError } from '../errors.ts';
import type { SecretRef } from './references.ts';

const LONGEST_SECRET_BYTES = 64 * 1024;

/**
 * The secret behind a reference, without the line break at its end.
 *
 * @param warn told when other users of the machine can read the file
 * @throws PgvigilError SECRET_INVALID; it names variable or file, never a value
 */
export async function resolveSecret(
  ref: SecretRef,
  env: Readonly<Record<string, string | undefined>>,
  warn: (message: string) => void,
): Promise<string> {
  if ('env' in ref) {
    const value = env[ref.env];
    if (value === undefined || value.trim() === '') {
      throw new PgvigilError(
        'SECRET_INVALID',
        `the environment variable ${ref.env} is not set`,
        `Set ${ref.env}, or name another place with { env: NAME } or { file: PATH }.`,
      );
    }
    return value.trim();
  }
  return readSecretFile(ref.file, warn);
}

async function readSecretFile(file: string, warn: (message: string) => void): Promise<string> {
  let text: string;
  try {
    const { mode, size } = await stat(file);
    if (size > LONGEST_SECRET_BYTES) throw new Error('it is too long for a secret');
    text = (await readFile(file, 'utf8')).trim();
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      warn(`the secret file ${file} can be read by other users of this machine: chmod 600`);
    }
  } catch (error) {
    throw new PgvigilError(
      'SECRET_INVALID',
      `the secret file ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      'Check the path and its permissions.',
      error,
    );
  }
  if (text === '') {
    throw new PgvigilError(
      'SECRET_INVALID',
      `the secret file ${file} is empty`,
      'Write the secret into it, on one line.',
    );
  }
  return text;
}
