/** The page of the public views, from a store that was migrated and holds nothing. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openReader } from '../../src/query/reader.ts';
import { Store } from '../../src/store/store.ts';
import { code, head, table } from './markdown.ts';

interface View {
  name: string;
  comment: string;
  /** Name, type, comment. */
  columns: string[][];
}

const INTRODUCTION = `
What \`pgvigil query\` and detectors read. Times are UTC. \`SHOW TABLES\` and \`DESCRIBE activity\` show the names from within.

`;

export async function viewsPage(): Promise<string> {
  const views = await readViews();
  return [
    head('Public views', '`COMMENT ON` in `queries/views`'),
    INTRODUCTION,
    table(
      ['view', 'content'],
      views.map(({ name, comment }) => [`[${name}](#${name})`, comment]),
    ),
    ...views.map(
      ({ name, comment, columns }) =>
        `\n## ${name}\n${comment}\n\n${table(
          ['column', 'type', 'meaning'],
          columns.map(([column = '', type = '', meaning = '']) => [code(column), type, meaning]),
        )}`,
    ),
  ].join('');
}

async function readViews(): Promise<View[]> {
  const folder = await mkdtemp(join(tmpdir(), 'pgvigil-docs-'));
  try {
    await (await Store.open(folder)).close();
    const reader = await openReader(folder);
    try {
      const result = await reader.trusted(
        `SELECT v.view_name, v.comment, c.column_name, c.data_type, c.comment
         FROM duckdb_views() v
         JOIN duckdb_columns() c ON c.table_oid = v.view_oid AND c.database_oid = v.database_oid
         WHERE NOT v.internal AND v.schema_name = 'main'
         ORDER BY v.view_name, c.column_index`,
      );
      const views = new Map<string, View>();
      for await (const row of result.rows) {
        const [name = '', comment = '', ...column] = row.map((cell) => String(cell ?? ''));
        const view = views.get(name) ?? { name, comment, columns: [] };
        view.columns.push(column);
        views.set(name, view);
      }
      return [...views.values()];
    } finally {
      await reader.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
