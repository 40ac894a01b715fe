/** Statements of the store: one row per distinct text, and what the parser says of it once per template. */
import { type DuckDBValue, listValue, structValue } from '@duckdb/node-api';
import type { Statement, Template } from '../model/statement.ts';
import type { Setting, StatementFeatures } from '../model/statement-features.ts';
import { snakeCase } from '../snake-case.ts';
import { MAX_TEXT } from '../statements/statement-text.ts';
import { VERSION } from '../version.ts';
import type { TableRow } from './rows.ts';
import { storeSql } from './sql.ts';
import type { Row, Store, Transaction } from './store.ts';

const KNOWN_STATEMENTS = storeSql('known-statements');
const KNOWN_TEMPLATES = storeSql('known-templates');
const RECENT_TEMPLATES = storeSql('recent-templates');
/** How far back templates are looked for, in records. */
const RECENT_RECORDS = 500_000n;
const MAX_TEMPLATES = 20_000;

/** Names of the features, in the order of the columns of `store.templates`. */
const FEATURES = [
  'parseOk',
  'fingerprint',
  'normalized',
  'kinds',
  'relationsRead',
  'relationsWritten',
  'catalogs',
  'catalogsWritten',
  'columnsRead',
  'columnsWritten',
  'functions',
  'flags',
  'settingName',
  'settingValue',
  'settingScope',
  'rolesGranted',
  'grantees',
  'roleOptions',
  'hosts',
  'language',
  'extension',
  'path',
  'target',
  'statementCount',
  'dropCount',
  'nullPads',
  'chrChain',
  'tailRedacted',
  'settings',
] as const satisfies readonly (keyof StatementFeatures)[];

/** The statements of one commit of which the caller does not know that they are stored. */
export class NewStatements {
  readonly #statements = new Map<string, { firstRecordId: bigint; statement: Statement }>();

  /** @param recordId of the record that it came with */
  add(recordId: bigint, statement: Statement): void {
    if (!this.#statements.has(statement.statementHash))
      this.#statements.set(statement.statementHash, { firstRecordId: recordId, statement });
  }

  get hashes(): Iterable<string> {
    return this.#statements.keys();
  }

  /** Stores those that are not there yet, and their templates. */
  async save(transaction: Transaction): Promise<void> {
    const statements = await missing(transaction, KNOWN_STATEMENTS, 'hashes', this.#statements);
    if (statements.size === 0) return;
    const byTemplate = new Map(
      [...statements.values()].map(({ statement: { template } }) => [template.templateId, template]),
    );
    const templates = await missing(transaction, KNOWN_TEMPLATES, 'ids', byTemplate);
    await transaction.append('templates', [...templates.values()].map(templateRow));
    await transaction.append(
      'statements',
      [...statements.values()].map(({ firstRecordId, statement }) => statementRow(firstRecordId, statement)),
    );
  }
}

/** Templates that this version found in what was logged last, each with one of its texts, in order of their last use. */
export async function recentTemplates(store: Store): Promise<{ sqlText: string; template: Template }[]> {
  const [last] = await store.rows<{ id: bigint | null }>('SELECT max(record_id) AS id FROM store.activities');
  const rows = await store.rows(RECENT_TEMPLATES, {
    after: (last?.id ?? 0n) - RECENT_RECORDS,
    // Longer ones are cut in the store, and cannot be told from their beginning.
    longest: MAX_TEXT,
    limit: MAX_TEMPLATES,
    version: VERSION,
  });
  return rows.map((row) => ({ sqlText: row.sql_text as string, template: templateOf(row) }));
}

/** What is not in the store. */
async function missing<T>(
  transaction: Transaction,
  sql: string,
  parameter: string,
  wanted: ReadonlyMap<string, T>,
): Promise<Map<string, T>> {
  if (wanted.size === 0) return new Map();
  const rows = await transaction.rows(sql, { [parameter]: JSON.stringify([...wanted.keys()]) });
  const known = new Set(rows.flatMap((row) => Object.values(row)));
  return new Map([...wanted].filter(([key]) => !known.has(key)));
}

function statementRow(firstRecordId: bigint, statement: Statement): TableRow {
  const { statementHash, template, sqlText, textLength } = statement;
  return [statementHash, template.templateId, firstRecordId, sqlText, BigInt(textLength)];
}

function templateRow({ templateId, literalsRead, features }: Template): TableRow {
  const values = FEATURES.map((name): DuckDBValue => {
    const value = features[name];
    return Array.isArray(value) ? listValue(value.map(itemValue)) : value;
  });
  return [templateId, VERSION, listValue([...literalsRead]), ...values];
}

function itemValue(item: string | Setting): DuckDBValue {
  return typeof item === 'string' ? item : structValue({ ...item });
}

function templateOf(row: Row): Template {
  const features = Object.fromEntries(
    FEATURES.map((name) => [name, row[snakeCase(name)]]),
  ) as unknown as StatementFeatures;
  return { templateId: row.template_id as string, literalsRead: row.literals_read as number[], features };
}
