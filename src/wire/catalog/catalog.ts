/** Answers questions about the catalogs, in this process. */

import { describe } from '../../query/describe.ts';
import { allowedFunctions, vet } from '../../query/guard.ts';
import type { Answer, Description, QueryRequest } from '../../query/query-runner.ts';
import { run } from '../../query/result.ts';
import { loadParser } from '../../statements/parser/parser.ts';
import type { CatalogRunner, CatalogSession, ViewInfo } from './catalog-runner.ts';
import { type CatalogDatabase, openCatalog } from './database.ts';
import { type CatalogNames, rewritten } from './rewrite.ts';

export class Catalog implements CatalogRunner {
  readonly #database: CatalogDatabase;
  readonly #names: CatalogNames;
  /** What the guard lets through, besides what it lets through everywhere. */
  readonly #functions: ReadonlySet<string>;

  private constructor(database: CatalogDatabase, views: readonly ViewInfo[]) {
    this.#database = database;
    this.#names = { ...database, views: new Set(views.map(({ name }) => name)) };
    this.#functions = new Set([
      ...allowedFunctions(),
      ...[...database.functions].map((name) => `pgf_${name}`),
    ]);
  }

  static async open(views: readonly ViewInfo[]): Promise<Catalog> {
    await loadParser();
    return new Catalog(await openCatalog(views), views);
  }

  async describe(sql: string, session: CatalogSession): Promise<Description | null> {
    const question = rewritten(sql, this.#names, session);
    if (question === null) return null;
    const connection = await this.#database.instance.connect();
    try {
      await vet(connection, question, this.#functions);
      return await describe(connection, question);
    } finally {
      connection.closeSync();
    }
  }

  async run(request: QueryRequest, session: CatalogSession, signal?: AbortSignal): Promise<Answer | null> {
    const question = rewritten(request.sql, this.#names, session);
    if (question === null) return null;
    const connection = await this.#database.instance.connect();
    const { parameters, limitRows, timeoutMs } = request;
    try {
      await vet(connection, question, this.#functions);
    } catch (error) {
      connection.closeSync();
      throw error;
    }
    const onEnd = () => undefined;
    const bound =
      parameters === undefined ? undefined : ([...(parameters as readonly (string | null)[])] as string[]);
    const result = await run(connection, question, { parameters: bound, limitRows, timeoutMs, onEnd });
    signal?.addEventListener('abort', () => result.close(), { once: true });
    return {
      columns: result.columns,
      rows: result.rows,
      get cut() {
        return result.cut ? ('rows' as const) : null;
      },
      close: () => result.close(),
    };
  }

  close(): void {
    this.#database.instance.closeSync();
  }
}
