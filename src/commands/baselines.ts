/** `pgvigil baselines list`, `export` and `reset`. */
import { resetBaselines, type Selection } from '../baselines/reset.ts';
import { PgvigilError } from '../errors.ts';
import type { Format } from '../query/formats.ts';
import { openReader } from '../query/reader.ts';
import type { Cell } from '../query/values.ts';
import { Store } from '../store/store.ts';
import { createContext, type GlobalOptions } from './context.ts';
import { printRows } from './output.ts';
import { commandSql } from './sql.ts';

interface OfServer extends GlobalOptions {
  server?: string;
}

export async function listBaselinesCommand(options: OfServer & { format: string }): Promise<void> {
  await print(['baselines-list'], options.format as Format, options);
}

/** One JSON object a line: first what was seen (`kind` is `value`), then how much (`volume`). */
export async function exportBaselinesCommand(options: OfServer): Promise<void> {
  await print(['baselines-values', 'baselines-volumes'], 'ndjson', options);
}

async function print(queries: readonly string[], format: Format, options: OfServer): Promise<void> {
  const { config, out } = await createContext(options);
  const reader = await openReader(config.data);
  try {
    for (const query of queries) {
      const result = await reader.trusted(await commandSql(query), { server: options.server ?? null });
      await printRows(out, format, result);
    }
  } finally {
    await reader.close();
  }
}

/**
 * Deletes baselines; without `yes` it only says which.
 *
 * @throws PgvigilError USAGE without `yes`, NOT_FOUND when there are none, DATA_LOCKED while a worker runs
 */
export async function resetBaselinesCommand(
  options: OfServer & { dimension?: string; entity?: string; yes?: boolean },
): Promise<void> {
  const { config, err } = await createContext(options);
  const selection: Selection = {
    server: options.server ?? null,
    dimension: options.dimension ?? null,
    entity: options.entity ?? null,
  };
  if (options.yes !== true)
    throw new PgvigilError(
      'USAGE',
      `${await matching(config.data, selection)} would be forgotten; nothing was changed`,
      'Keep a copy with `pgvigil baselines export`, then add --yes.',
    );
  const store = await openAlone(config.data);
  try {
    const [counts] = await store.rows<Counts>(await commandSql('baselines-matching'), selection);
    const what = inWords(counts!);
    await resetBaselines(store, selection);
    err.write(`${what} forgotten\n`);
  } finally {
    await store.close();
  }
}

/** @throws PgvigilError DATA_LOCKED saying that it is the worker that must stop */
async function openAlone(dataDir: string): Promise<Store> {
  try {
    return await Store.open(dataDir);
  } catch (error) {
    if (!(error instanceof PgvigilError) || error.code !== 'DATA_LOCKED') throw error;
    const hint = 'Stop the worker, reset, and start it again: it goes on where it stopped.';
    throw new PgvigilError('DATA_LOCKED', error.message, hint, error);
  }
}

type Counts = { sightings: Cell; volumes: Cell };

/** @throws PgvigilError NOT_FOUND when there are none */
function inWords({ sightings, volumes }: Counts): string {
  if (Number(sightings) + Number(volumes) === 0)
    throw new PgvigilError(
      'NOT_FOUND',
      'no baselines are like that',
      '`pgvigil baselines list` shows servers, dimensions and entities.',
    );
  return `${Number(sightings).toLocaleString('en')} values and ${Number(volumes).toLocaleString('en')} volumes`;
}

async function matching(dataDir: string, selection: Selection): Promise<string> {
  const reader = await openReader(dataDir);
  try {
    const { rows } = await reader.trusted(await commandSql('baselines-matching'), selection);
    for await (const [sightings = 0, volumes = 0] of rows) return inWords({ sightings, volumes });
    return inWords({ sightings: 0, volumes: 0 });
  } finally {
    await reader.close();
  }
}
