/** Facts about the data folder itself: single values that outlive the process. */
import { randomBytes } from 'node:crypto';
import type { Store } from './store.ts';

/** The value of a key, or null. */
export async function readMeta(store: Store, key: string): Promise<string | null> {
  const [row] = await store.rows<{ value: string }>('SELECT value FROM store.meta WHERE key = $key', { key });
  return row?.value ?? null;
}

export async function writeMeta(store: Store, key: string, value: string): Promise<void> {
  await store.transaction(async (transaction) => {
    await transaction.run('DELETE FROM store.meta WHERE key = $key', { key });
    await transaction.run('INSERT INTO store.meta VALUES ($key, $value)', { key, value });
  });
}

/** The secret key of the data folder for content hashes; made at the first call. */
export async function contentKey(store: Store): Promise<string> {
  const known = await readMeta(store, 'content_key');
  if (known !== null) return known;
  const key = randomBytes(32).toString('base64url');
  await writeMeta(store, 'content_key', key);
  return key;
}
