/** What tests of the shell share. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { TestContext } from 'node:test';
import { openSession } from '../../src/query/local-runner.ts';
import type { View } from '../../src/query/query-session.ts';
import { History } from '../../src/shell/history.ts';
import type { Settings } from '../../src/shell/settings.ts';
import { runShell } from '../../src/shell/shell.ts';

const column = (name: string) => ({ name, type: 'VARCHAR', comment: `The ${name}.` });

export const VIEWS: readonly View[] = [
  { name: 'activity', comment: 'Statements.', columns: ['event_time', 'user_name', 'command'].map(column) },
  { name: 'sign_ins', comment: 'Attempts.', columns: ['event_time', 'server', 'outcome'].map(column) },
];

const SETTINGS: Settings = {
  format: 'table',
  expanded: false,
  timing: false,
  limitRows: null,
  timeoutMs: 60_000,
  pager: false,
  output: null,
  parameters: {},
};

export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pgvigil-shell-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A terminal as wide and tall as it says, that keeps what it was given to show. */
class FakeTerminal extends PassThrough {
  readonly isTTY = true;
  readonly columns = 80;
  readonly rows = 24;
  shown = '';

  constructor() {
    super();
    this.setEncoding('utf8').on('data', (text) => {
      this.shown += text;
    });
  }
}

export interface ShellRig {
  folder: string;
  historyPath: string;
  /** Types keys. */
  type: (keys: string) => void;
  /** Types a line, and returns what both streams show up to the next prompt. */
  ask: (line: string) => Promise<string>;
  /** Waits until the shell shows a text, and returns all that it has shown since the last `ask` or `until`. */
  until: (wanted: RegExp) => Promise<string>;
  /** Ctrl-D, and the end of the shell. */
  end: () => Promise<void>;
}

export const CTRL_C = '\x03';
export const CTRL_D = '\x04';

const PATIENCE_MS = 20_000;

/** The line of a query that takes long, with what removes it: on a slow machine it comes and goes anywhere. */
const ELAPSED = /(?:\r\x1b\[K\d+ s … Ctrl-C cancels)+\r\x1b\[K/g;

/** The shell over a store, with a keyboard and a terminal of the test's own. */
export async function shellRig(t: TestContext, dataDir: string): Promise<ShellRig> {
  const folder = await temporaryFolder(t);
  const historyPath = join(folder, 'state', 'history');
  const input = new PassThrough();
  const screen = new FakeTerminal();
  const session = openSession(dataDir);
  const ended = runShell({
    session,
    settings: SETTINGS,
    history: await History.load(historyPath),
    dataDir,
    env: { PAGER: '' },
    input,
    output: screen,
    err: screen,
  });
  t.after(async () => {
    input.end(CTRL_D);
    await ended;
    await session.close();
  });
  let seen = 0;
  const until = async (wanted: RegExp) => {
    const started = Date.now();
    for (;;) {
      const fresh = plain(screen.shown.slice(seen));
      if (wanted.test(fresh)) {
        seen = screen.shown.length;
        return fresh;
      }
      if (Date.now() - started > PATIENCE_MS) throw new Error(`the shell shows ${JSON.stringify(fresh)}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  await until(/pgvigil=> $/);
  return {
    folder,
    historyPath,
    until,
    type: (keys) => void input.write(keys),
    ask: (line) => {
      input.write(`${line}\r`);
      return until(/\n(?:.*\r)?pgvigil[^a-z ]> $/);
    },
    end: () => ended,
  };
}

/** What a terminal makes of the commands that readline gives it, as far as lines go. */
function plain(shown: string): string {
  return shown
    .replaceAll(ELAPSED, '')
    .replaceAll(/\x1b\[[0-9;]*[A-Za-z]/g, '')
    .replaceAll('\r\n', '\n');
}
