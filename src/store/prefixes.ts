/** The log_line_prefix values that explained lines, per server, with how many lines each. */
import type { LogRecord } from '../model/record.ts';
import { storeSql } from './sql.ts';
import type { Store, Transaction } from './store.ts';

const ADD_USES = storeSql('add-prefix-uses');
const INSERT_USES = storeSql('insert-prefix-uses');
const SAVE_FOUND = storeSql('save-found-prefix');

interface Use {
  server: string;
  format: string;
  lines: number;
  /** Event times of the first and the last line, milliseconds. */
  first: number;
  last: number;
}

/** Counts what the lines of one commit were explained by. */
export class PrefixUses {
  readonly #uses = new Map<string, Use>();

  add(record: LogRecord): void {
    const { server, prefix: format, eventTime } = record;
    if (format === null) return;
    const key = `${server}\n${format}`;
    const use = this.#uses.get(key);
    if (use === undefined) {
      this.#uses.set(key, { server, format, lines: 1, first: eventTime, last: eventTime });
      return;
    }
    use.lines++;
    use.first = Math.min(use.first, eventTime);
    use.last = Math.max(use.last, eventTime);
  }

  /** Adds the counts to the stored ones. A prefix that was not found from the data is one of the configuration. */
  async save(transaction: Transaction): Promise<void> {
    if (this.#uses.size === 0) return;
    const uses = { uses: JSON.stringify([...this.#uses.values()]) };
    const known = await transaction.rows(ADD_USES, uses);
    if (known.length < this.#uses.size) await transaction.run(INSERT_USES, uses);
  }
}

/** Prefixes that were found from the data in this data folder. */
export async function readFoundPrefixes(store: Store): Promise<{ server: string; format: string }[]> {
  return store.rows("SELECT server, format FROM store.prefixes WHERE origin = 'found'");
}

/** Keeps a prefix that was found from the data, for the next start. */
export async function saveFoundPrefix(store: Store, server: string, format: string): Promise<void> {
  await store.transaction((transaction) => transaction.run(SAVE_FOUND, { server, format }));
}
