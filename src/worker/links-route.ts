/**
 * What links do. To open one changes nothing: previews of chats and scanners of mail open it too. The form on its page does,
 * and what entitles it is the token: there are no cookies that a page of somebody else's could use.
 */
import type { Context } from 'hono';
import type { AlertDesk } from '../alerts/desk.ts';
import type { LinkAction, LinkReading, Links } from '../alerts/links.ts';
import type { Log } from '../log.ts';
import { Mutex } from '../store/mutex.ts';
import type { Store } from '../store/store.ts';
import { FixedWindow } from './fixed-window.ts';
import { fieldsOf, linkForm } from './link-form.ts';
import { formPage, noticePage, statePage } from './link-pages.ts';
import { linkedAlert, readinessOf } from './linked-alert.ts';

const WINDOW_MS = 60_000;
const MAX_DECISIONS = 60;
const MAX_REFUSALS = 30;

export interface LinksRouteOptions {
  /** Address that people open links at. */
  publicUrl: string;
  links: Pick<Links, 'read'>;
  store: Pick<Store, 'rows'>;
  desk: Pick<AlertDesk, 'decide'>;
  log: Pick<Log, 'info' | 'warn'>;
  /** Milliseconds since 1970-01-01 UTC. */
  now: () => number;
}

export class LinksRoute {
  readonly #options: LinksRouteOptions;
  readonly #origin: string;
  /** Of decisions that a valid link asks for: forged ones do not keep people from theirs. */
  readonly #decisions = new FixedWindow(MAX_DECISIONS, WINDOW_MS);
  /** Of refusals that are answered and logged one by one. */
  readonly #refusals = new FixedWindow(MAX_REFUSALS, WINDOW_MS);
  /** One decision at a time: the second of two clicks sees what the first did. */
  readonly #turns = new Mutex();

  constructor(options: LinksRouteOptions) {
    this.#options = options;
    this.#origin = new URL(options.publicUrl).origin;
  }

  /** GET: what the alert is, and a form. */
  async show(context: Context, action: LinkAction): Promise<Response> {
    const { links, store, now } = this.#options;
    const token = context.req.query('t') ?? '';
    const reading = links.read(token, action, now());
    if (reading.verdict !== 'valid') return this.#refuse(context, action, reading);
    const alert = await linkedAlert(store, reading.alertId);
    if (alert === null) return notStored(context);
    const isReady = readinessOf(alert, action) === 'ready';
    return context.html(isReady ? formPage(action, alert, token) : statePage(alert, false));
  }

  /** POST: does it. */
  async decide(context: Context, action: LinkAction): Promise<Response> {
    const { links, store, desk, log, now } = this.#options;
    if (!isForm(context)) return notAForm(context);
    const form = new URLSearchParams(await context.req.text());
    const token = form.get('t') ?? '';
    const reading = links.read(token, action, now());
    if (reading.verdict !== 'valid') return this.#refuse(context, action, reading);
    if (this.#isFromElsewhere(context)) return this.#refuse(context, action, { verdict: 'refused' });
    if (!this.#decisions.take(now())) return tooMany(context);
    const { alertId } = reading;
    return this.#turns.run(async () => {
      const alert = await linkedAlert(store, alertId);
      if (alert === null) return notStored(context);
      const readiness = readinessOf(alert, action);
      if (readiness !== 'ready') {
        return context.html(statePage(alert, false), readiness === 'done' ? 200 : 409);
      }
      const fields = fieldsOf(form);
      const filled = linkForm(action, fields);
      if ('problem' in filled) {
        return context.html(formPage(action, alert, token, fields, filled.problem), 400);
      }
      await desk.decide(alertId, filled.decision, { name: filled.name, via: 'link' });
      log.info({ action, alert: alertId, actor: filled.name }, 'decided by a link');
      const decided = await linkedAlert(store, alertId);
      return context.html(statePage(decided ?? alert, true));
    });
  }

  /** Too old, or not ours: one page for both, that says nothing of any alert. */
  #refuse(context: Context, action: LinkAction, reading: LinkReading): Response | Promise<Response> {
    const { log, now } = this.#options;
    if (!this.#refusals.take(now())) return tooMany(context);
    const { verdict } = reading;
    log.warn(
      'alertId' in reading ? { action, verdict, alert: reading.alertId } : { action, verdict },
      'a link was refused',
    );
    const text =
      'It is too old or not complete, or was not opened from the message. Nothing was changed. ' +
      'Open the link of the newest message again, or run this where pgvigil runs, with the id that the message shows:';
    const command = `pgvigil alerts ${action} <id>${action === 'close' ? ' --reason resolved' : ''}`;
    return context.html(noticePage('This link cannot be used', text, command), 403);
  }

  /** Whether the browser says that a page of somebody else's sent the form (Fetch Metadata; Fetch, "Origin header"). */
  #isFromElsewhere(context: Context): boolean {
    const site = context.req.header('sec-fetch-site') ?? 'none';
    // Our pages send no referrer, which has browsers write `null` for their origin.
    const origin = context.req.header('origin') ?? 'null';
    return !['same-origin', 'none'].includes(site) || !['null', this.#origin].includes(origin);
  }
}

function isForm(context: Context): boolean {
  const [type = ''] = (context.req.header('content-type') ?? '').split(';');
  return type.trim().toLowerCase() === 'application/x-www-form-urlencoded';
}

function notAForm(context: Context): Response | Promise<Response> {
  return context.html(
    noticePage('This is not the form of a link', 'Open the link of the message again.'),
    400,
  );
}

function notStored(context: Context): Response | Promise<Response> {
  const text =
    'It was removed, or pgvigil was given another data folder. Nothing is left to be done with it.';
  return context.html(noticePage('This alert is no longer stored', text), 404);
}

function tooMany(context: Context): Response | Promise<Response> {
  context.header('retry-after', String(WINDOW_MS / 1000));
  const text = 'Nothing was changed. Wait a minute and try again.';
  return context.html(noticePage('Too many requests', text), 429);
}
