/** Cursors of SQL: what psql's FETCH_COUNT and drivers' server-side cursors send. */
import type { Cell } from '../query/values.ts';
import type { Command } from './commands.ts';
import { done, type Running } from './running.ts';
import type { Session } from './session.ts';
import { SqlError } from './sql-error.ts';
import { needed, statementsOf, syntaxError, type Words } from './statement.ts';

export function cursorCommand(words: Words, session: Session): Command | null {
  if (words.accept('DECLARE')) return declare(words);
  if (words.accept('FETCH')) return fetch(words, session);
  if (!words.accept('CLOSE')) return null;
  const all = words.accept('ALL');
  const name = all ? '' : needed(words.name());
  return {
    columns: () => null,
    run: (of) => {
      for (const each of all ? [...of.cursors.keys()] : [name]) of.closeCursor(each);
      return done(all ? 'CLOSE CURSOR ALL' : 'CLOSE CURSOR');
    },
  };
}

function declare(words: Words): Command {
  const name = needed(words.name());
  while (words.acceptOneOf('INSENSITIVE', 'ASENSITIVE') !== null || words.accept('NO', 'SCROLL')) {}
  if (words.acceptOneOf('BINARY', 'SCROLL') !== null) {
    throw new SqlError('0A000', 'binary and scrolling cursors are not supported');
  }
  if (!words.accept('CURSOR')) throw syntaxError();
  const held = words.accept('WITH', 'HOLD');
  words.accept('WITHOUT', 'HOLD');
  if (!words.accept('FOR')) throw syntaxError();
  const [query] = statementsOf(words.rest);
  if (query === undefined) throw syntaxError();
  return {
    columns: () => null,
    run: async (session, signal) => {
      session.checkCursor(name, held);
      session.declare(name, await session.query(query, [], signal), held);
      return done('DECLARE CURSOR');
    },
  };
}

function fetch(words: Words, session: Session): Command {
  const limit = fetchLimit(words);
  words.acceptOneOf('FROM', 'IN');
  const name = needed(words.name());
  const cursorOf = (of: Session) => {
    const cursor = of.cursors.get(name);
    if (cursor === undefined) throw new SqlError('34000', `cursor "${name}" does not exist`);
    return cursor.running;
  };
  return {
    columns: () => cursorOf(session).columns,
    run: (of) => fetched(cursorOf(of), limit),
  };
}

/** Rows that FETCH asks for: forward only. */
function fetchLimit(words: Words): number {
  if (
    words.acceptOneOf('PRIOR', 'FIRST', 'LAST', 'ABSOLUTE', 'RELATIVE', 'BACKWARD') !== null ||
    words.accept('-')
  ) {
    throw new SqlError('55000', 'cursor can only scan forward');
  }
  if (words.accept('ALL') || words.accept('FORWARD', 'ALL')) return Number.POSITIVE_INFINITY;
  words.acceptOneOf('NEXT', 'FORWARD');
  return words.number() ?? 1;
}

function fetched(cursor: Running, limit: number): Running {
  let ended = false;
  async function* rows(): AsyncGenerator<Cell[]> {
    for (let count = 0; count < limit; count++) {
      const { done: atEnd, value } = await cursor.rows.next();
      if (atEnd) {
        ended = true;
        return;
      }
      yield value;
    }
  }
  return {
    columns: cursor.columns,
    rows: rows(),
    cut: () => (ended ? cursor.cut() : null),
    tag: (count) => `FETCH ${count}`,
    close: () => undefined,
  };
}
