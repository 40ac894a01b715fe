/** Statements that mean the session and not the data: drivers send them, and they are answered here. */
import type { Column } from '../query/result.ts';
import { copyCommand } from './copy.ts';
import { cursorCommand } from './cursors.ts';
import { done, type Running } from './running.ts';
import type { Session } from './session.ts';
import { SqlError } from './sql-error.ts';
import { needed, type Statement, syntaxError, Words } from './statement.ts';

export interface Command {
  /** What it returns, known before it runs; null: no rows. */
  columns: () => readonly Column[] | null;
  run: (session: Session, signal: AbortSignal) => Running | Promise<Running>;
  /** It may run in a transaction that has failed. */
  endsTransaction?: true;
}

const TEXT = 'VARCHAR';

/** First words of statements that would change something. COPY is looked at apart. */
const WRITES = new Set(
  (
    'INSERT UPDATE DELETE MERGE TRUNCATE CREATE DROP ALTER GRANT REVOKE COMMENT REINDEX CLUSTER REFRESH VACUUM ' +
    'ANALYZE CHECKPOINT IMPORT SECURITY REASSIGN REPLACE UPSERT'
  ).split(' '),
);
/** What PostgreSQL has and this server has not. */
const UNSUPPORTED = new Set('PREPARE EXECUTE LISTEN NOTIFY LOCK DO CALL LOAD MOVE EXPLAIN'.split(' '));

/** The command that a statement is; null: a query. */
export function commandOf(statement: Statement, session: Session): Command | null {
  const words = new Words(statement);
  const first = statement.tokens[0]!.text;
  if (WRITES.has(first)) return failing('25006', `cannot execute ${first} in a read-only transaction`);
  if (UNSUPPORTED.has(first)) return failing('0A000', `${first} is not supported`);
  const command =
    transactionCommand(words) ??
    settingCommand(words, session) ??
    cursorCommand(words, session) ??
    copyCommand(words) ??
    tidyingCommand(words);
  return command;
}

function failing(code: string, message: string): Command {
  const error = () => {
    throw new SqlError(code, message, 'Only queries that read are answered here.');
  };
  return { columns: error, run: error };
}

function silent(tag: string, run: (session: Session) => void = () => undefined): Command {
  return {
    columns: () => null,
    run: (session) => {
      run(session);
      return done(tag);
    },
  };
}

function transactionCommand(words: Words): Command | null {
  if (words.accept('BEGIN') || words.accept('START', 'TRANSACTION')) {
    const modes = words.rest.toUpperCase();
    if (/\bREAD\s+WRITE\b/.test(modes)) return failing('25006', 'everything here is read-only');
    return silent('BEGIN', (session) => session.begin());
  }
  if (words.accept('SAVEPOINT')) {
    const name = needed(words.name());
    return silent('SAVEPOINT', (session) => session.savepoint(name));
  }
  if (words.accept('RELEASE')) {
    words.accept('SAVEPOINT');
    const name = needed(words.name());
    return silent('RELEASE', (session) => session.backTo(name, true));
  }
  if (words.acceptOneOf('COMMIT', 'END')) {
    return {
      columns: () => null,
      run: (session) => done(session.end(false) ? 'COMMIT' : 'ROLLBACK'),
      endsTransaction: true,
    };
  }
  if (!words.acceptOneOf('ROLLBACK', 'ABORT')) return null;
  words.acceptOneOf('WORK', 'TRANSACTION');
  if (words.accept('TO')) {
    words.accept('SAVEPOINT');
    const name = needed(words.name());
    return { ...silent('ROLLBACK', (session) => session.backTo(name, false)), endsTransaction: true };
  }
  return { ...silent('ROLLBACK', (session) => void session.end(true)), endsTransaction: true };
}

function settingCommand(words: Words, session: Session): Command | null {
  if (words.accept('SHOW')) return show(words, session);
  if (words.accept('RESET')) {
    if (words.accept('ALL')) return silent('RESET', ({ settings }) => settings.resetAll());
    const name = settingName(words);
    return silent('RESET', (of) => of.set(name, null));
  }
  if (!words.accept('SET')) return null;
  words.acceptOneOf('SESSION', 'LOCAL');
  if (words.accept('TRANSACTION') || words.accept('CHARACTERISTICS')) {
    if (/\bREAD\s+WRITE\b/i.test(words.rest)) return failing('25006', 'everything here is read-only');
    return silent('SET');
  }
  if (words.accept('ROLE') || words.accept('AUTHORIZATION')) {
    const isSame = words.acceptOneOf('NONE', 'DEFAULT') !== null;
    return isSame ? silent('SET') : failing('42501', 'permission denied to set another role');
  }
  const name = settingName(words);
  if (!words.accept('=') && !words.accept('TO') && name !== 'timezone') throw syntaxError();
  const values: string[] = [];
  do values.push(needed(words.value()));
  while (words.accept(','));
  if (!words.isAtEnd) throw syntaxError();
  const isDefault = values.length === 1 && values[0]!.toUpperCase() === 'DEFAULT';
  return silent('SET', (of) => of.set(name, isDefault ? null : values.join(', ')));
}

/** `TIME ZONE`, `NAMES` and dotted names are names too. */
function settingName(words: Words): string {
  if (words.accept('TIME', 'ZONE')) return 'timezone';
  if (words.accept('NAMES')) return 'client_encoding';
  const first = needed(words.name());
  return words.accept('.') ? `${first}.${needed(words.name())}` : first;
}

function show(words: Words, session: Session): Command | null {
  // Lists of DuckDB: for the runner.
  if (words.accept('TABLES') || words.accept('ALL', 'TABLES')) return null;
  if (words.accept('ALL')) {
    const columns = ['name', 'setting', 'description'].map((name) => ({ name, type: TEXT }));
    return {
      columns: () => columns,
      run: ({ settings }) =>
        done(
          'SHOW',
          columns,
          settings.all().map(([name, value]) => [name, value, '']),
        ),
    };
  }
  const asked = words.accept('TRANSACTION', 'ISOLATION', 'LEVEL')
    ? 'transaction_isolation'
    : settingName(words);
  const value = session.settings.get(asked);
  if (value === null) return failing('42704', `unrecognized configuration parameter "${asked}"`);
  const columns = [{ name: asked === 'timezone' ? 'TimeZone' : asked, type: TEXT }];
  return { columns: () => columns, run: ({ settings }) => done('SHOW', columns, [[settings.get(asked)]]) };
}

function tidyingCommand(words: Words): Command | null {
  if (words.accept('DISCARD')) {
    const what = words.acceptOneOf('ALL', 'PLANS', 'SEQUENCES', 'TEMP', 'TEMPORARY');
    if (what === null) throw syntaxError();
    return silent(`DISCARD ${what}`, (session) => {
      if (what !== 'ALL') return;
      session.settings.resetAll();
      session.close();
      session.prepared.clear();
    });
  }
  if (words.accept('DEALLOCATE')) {
    words.accept('PREPARE');
    if (words.accept('ALL')) return silent('DEALLOCATE ALL', ({ prepared }) => prepared.clear());
    const name = needed(words.name());
    return silent('DEALLOCATE', ({ prepared }) => {
      if (!prepared.delete(name)) throw new SqlError('26000', `prepared statement "${name}" does not exist`);
    });
  }
  if (words.accept('UNLISTEN')) return silent('UNLISTEN');
  return null;
}
