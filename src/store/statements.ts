/** Statements of the store: one row per distinct text, and what the parser says of it once per template. */
import { type DuckDBValue, listValue, structValue } from '@duckdb/node-api';
import type { Statement, Template } from '../model/statement.ts';
import type { Setting, StatementFeatures } from '../model/statement-features.ts';
import { snakeCase } from '../snake-case.ts';
import { MAX_TEXT } from '../statements/statement-text.ts';
import { VERSION } from '../version.ts';
import type { TableRow } from './rows.ts';
import { storeSql } from './sql.ts';
import type { StatementKey } from './statement-key.ts';
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

interface NewStatement {
  firstRecordId: bigint;
  statement: Statement;
}

/** The statements of one commit of which the caller does not know that they are stored. */
export class NewStatements {
  readonly #statements = new Map<string, NewStatement>();

  /** @param recordId of the record that it came with */
  add(recordId: bigint, statement: Statement): void {
    if (!this.#statements.has(statement.statementHash))
      this.#statements.set(statement.statementHash, { firstRecordId: recordId, statement });
  }

  /** Stores those that are not there yet, and their templates; returns the keys of all. */
  async save(transaction: Transaction): Promise<Map<string, StatementKey>> {
    if (this.#statements.size === 0) return new Map();
    const hashes = JSON.stringify([...this.#statements.keys()]);
    const stored = await transaction.rows<StoredStatement>(KNOWN_STATEMENTS, { hashes });
    const keys = new Map(
      stored.map((row) => [row.statement_hash, { statement: row.statement, template: row.template }]),
    );
    const fresh = [...this.#statements.values()].filter(
      ({ statement }) => !keys.has(statement.statementHash),
    );
    const templates = await saveTemplates(transaction, fresh);
    for (const { firstRecordId, statement } of fresh) {
      const template = templates.get(statement.template.templateId)!;
      keys.set(statement.statementHash, { statement: firstRecordId, template });
    }
    const rows = fresh.map(({ firstRecordId, statement }) => statementRow(firstRecordId, statement));
    await transaction.append('statements', rows);
    return keys;
  }
}

interface StoredStatement extends Row {
  statement_hash: string;
  statement: bigint;
  template: bigint;
}

/** Stores the templates of new statements that are not there yet; returns of each, by its id, the record that brought it first. */
async function saveTemplates(
  transaction: Transaction,
  statements: readonly NewStatement[],
): Promise<Map<string, bigint>> {
  if (statements.length === 0) return new Map();
  const ids = JSON.stringify(statements.map(({ statement }) => statement.template.templateId));
  const stored = await transaction.rows<StoredTemplate>(KNOWN_TEMPLATES, { ids });
  const firsts = new Map(stored.map((row) => [row.template_id, row.first_record_id]));
  const rows: TableRow[] = [];
  for (const { firstRecordId, statement } of statements) {
    if (firsts.has(statement.template.templateId)) continue;
    firsts.set(statement.template.templateId, firstRecordId);
    rows.push(templateRow(firstRecordId, statement.template));
  }
  await transaction.append('templates', rows);
  return firsts;
}

interface StoredTemplate extends Row {
  template_id: string;
  first_record_id: bigint;
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

function statementRow(firstRecordId: bigint, statement: Statement): TableRow {
  const { statementHash, template, sqlText, textLength } = statement;
  return [statementHash, template.templateId, firstRecordId, sqlText, BigInt(textLength)];
}

function templateRow(firstRecordId: bigint, { templateId, literalsRead, features }: Template): TableRow {
  const values = FEATURES.map((name): DuckDBValue => {
    const value = features[name];
    return Array.isArray(value) ? listValue(value.map(itemValue)) : value;
  });
  return [templateId, VERSION, listValue([...literalsRead]), ...values, firstRecordId];
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
