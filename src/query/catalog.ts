/** The public views of a database, with what their comments say of them. */
import { readFile } from 'node:fs/promises';
import { packagePath } from '../paths.ts';
import type { Store } from '../store/store.ts';
import type { View, ViewColumn } from './query-session.ts';
import type { Reader } from './reader.ts';

/** Sorted by name; columns in the order of their view. */
export async function readViews(reader: Reader): Promise<View[]> {
  const rows: unknown[][] = [];
  for await (const row of (await reader.trusted(await viewsSql())).rows) rows.push(row);
  return viewsOf(rows);
}

/** The same of the store that the worker writes. */
export async function storedViews(store: Pick<Store, 'rows'>): Promise<View[]> {
  return viewsOf((await store.rows(await viewsSql())).map((row) => Object.values(row)));
}

function viewsSql(): Promise<string> {
  return readFile(packagePath('queries/query/views.sql'), 'utf8');
}

function viewsOf(rows: readonly (readonly unknown[])[]): View[] {
  const views = new Map<string, View & { columns: ViewColumn[] }>();
  for (const row of rows) {
    const [name = '', comment = '', column = '', type = '', meaning = ''] = row.map((cell) =>
      String(cell ?? ''),
    );
    const view = views.get(name) ?? { name, comment, columns: [] };
    view.columns.push({ name: column, type, comment: meaning });
    views.set(name, view);
  }
  return [...views.values()];
}
