/** The public views of a database, with what their comments say of them. */
import { readFile } from 'node:fs/promises';
import { packagePath } from '../paths.ts';
import type { View, ViewColumn } from './query-session.ts';
import type { Reader } from './reader.ts';

/** Sorted by name; columns in the order of their view. */
export async function readViews(reader: Reader): Promise<View[]> {
  const sql = await readFile(packagePath('queries/query/views.sql'), 'utf8');
  const views = new Map<string, View & { columns: ViewColumn[] }>();
  for await (const row of (await reader.trusted(sql)).rows) {
    const [name = '', comment = '', column = '', type = '', meaning = ''] = row.map((cell) =>
      String(cell ?? ''),
    );
    const view = views.get(name) ?? { name, comment, columns: [] };
    view.columns.push({ name: column, type, comment: meaning });
    views.set(name, view);
  }
  return [...views.values()];
}
