/** The page of the public views, from a store that was migrated and holds nothing. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readViews } from '../../src/query/catalog.ts';
import type { View } from '../../src/query/query-session.ts';
import { openReader } from '../../src/query/reader.ts';
import { Store } from '../../src/store/store.ts';
import { code, head, table } from './markdown.ts';

const INTRODUCTION = `
What \`pgvigil query\` and detectors read. Times are UTC. \`SHOW TABLES\` and \`DESCRIBE activity\` show the names from within.

`;

export async function viewsPage(): Promise<string> {
  const views = await viewsOfEmptyStore();
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
          columns.map((column) => [code(column.name), column.type, column.comment]),
        )}`,
    ),
  ].join('');
}

async function viewsOfEmptyStore(): Promise<View[]> {
  const folder = await mkdtemp(join(tmpdir(), 'pgvigil-docs-'));
  try {
    await (await Store.open(folder)).close();
    const reader = await openReader(folder);
    try {
      return await readViews(reader);
    } finally {
      await reader.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
