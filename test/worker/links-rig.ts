/** A store with one alert, and the door for people with a link to it, over real HTTP. */
import type { TestContext } from 'node:test';
import { saveChanges } from '../../src/alerts/alert-store.ts';
import { AlertDesk } from '../../src/alerts/desk.ts';
import { type LinkAction, Links } from '../../src/alerts/links.ts';
import { Notifier } from '../../src/alerts/notifier.ts';
import { parseSecret } from '../../src/alerts/signature.ts';
import type { Alert } from '../../src/model/alert.ts';
import type { Store } from '../../src/store/store.ts';
import { startLinksServer } from '../../src/worker/links-server.ts';
import { alertWith, NOW, newSecret, temporaryStore, undo } from '../alerts/support.ts';

export const PUBLIC_URL = 'https://sec.example/pgvigil';
export const DAY = 86_400_000;

export interface Answer {
  status: number;
  headers: Headers;
  body: string;
}

export interface LinksRig {
  store: Store;
  links: Links;
  alert: Alert;
  port: number;
  clock: { now: number };
  /** What was logged, as JSON. */
  logged: string[];
  /** Path and query of a link, as the proxy passes them on. */
  path(action: LinkAction): string;
  token(action: LinkAction): string;
  ask(path: string, request?: RequestInit): Promise<Answer>;
  /** Sends the form of a link. */
  send(action: LinkAction, fields: Record<string, string>, headers?: Record<string, string>): Promise<Answer>;
  history(): Promise<string[]>;
}

/** @param changes of the alert; null: none is stored */
export async function linksRig(t: TestContext, changes: Partial<Alert> | null = {}): Promise<LinksRig> {
  const store = await temporaryStore(t);
  const alert = alertWith(changes ?? {});
  if (changes !== null) {
    await store.transaction((transaction) =>
      saveChanges(transaction, [{ alert, added: [], change: 'opened', before: null }]),
    );
  }
  const clock = { now: NOW };
  const logged: string[] = [];
  const write = (...line: unknown[]) => void logged.push(JSON.stringify(line));
  const links = new Links({
    publicUrl: PUBLIC_URL,
    keys: [parseSecret(newSecret())],
    lifetimeMs: 7 * DAY,
  });
  const server = await startLinksServer({
    host: '127.0.0.1',
    port: 0,
    publicUrl: PUBLIC_URL,
    links,
    store,
    desk: new AlertDesk({
      store,
      notifier: new Notifier({ routes: [] }),
      detectorFolders: [],
      now: () => clock.now,
    }),
    log: { info: write, warn: write, error: write },
    now: () => clock.now,
  });
  undo(t, () => server.close());

  const path = (action: LinkAction) => (links.of(alert, NOW)?.[action] ?? '').slice(PUBLIC_URL.length);
  const token = (action: LinkAction) => path(action).split('?t=')[1] ?? '';
  const ask = async (target: string, request: RequestInit = {}): Promise<Answer> => {
    const response = await fetch(`http://127.0.0.1:${server.port}${target}`, {
      redirect: 'manual',
      ...request,
    });
    return { status: response.status, headers: response.headers, body: await response.text() };
  };
  return {
    store,
    links,
    alert,
    port: server.port,
    clock,
    logged,
    path,
    token,
    ask,
    send: (action, fields, headers = {}) =>
      ask(`/alerts/${action}`, {
        method: 'POST',
        headers,
        body: new URLSearchParams({ t: token(action), ...fields }),
      }),
    history: async () => {
      const rows = await store.rows<{ line: string }>(
        `SELECT concat_ws(' ', action, actor, via, reason, note) AS line FROM alert_history ORDER BY sequence`,
      );
      return rows.map(({ line }) => line);
    },
  };
}
