/**
 * Pages behind links: without scripts, pictures or anything remote. Attackers write the names in them: `html` escapes every
 * text that is put in, and `bounded` takes from it what hides or reorders. Pure.
 */
import { createHash } from 'node:crypto';
import { html, raw } from 'hono/html';
import { bounded } from '../alerts/bounded.ts';
import { CLOSE_REASONS, type CloseReason } from '../alerts/desk.ts';
import type { LinkAction } from '../alerts/links.ts';
import { showCommand } from '../alerts/next-steps.ts';
import { type LinkFields, MAX_NAME, MAX_NOTE } from './link-form.ts';
import type { LinkedAlert } from './linked-alert.ts';

export type Html = ReturnType<typeof html>;

const CSS = `
:root{color-scheme:light dark;--ground:#fff;--text:#1c1e21;--soft:#5a5f66;--line:#d5d8dc;--action:#175cd3;--on-action:#fff;--alarm:#b42318}
@media(prefers-color-scheme:dark){:root{--ground:#16181b;--text:#e8eaed;--soft:#a8adb5;--line:#3c4046;--action:#7fb0ff;--on-action:#0b1526;--alarm:#ff9c8f}}
body{margin:0;background:var(--ground);color:var(--text);font:1rem/1.5 system-ui,sans-serif}
main{max-width:34rem;margin:0 auto;padding:1.5rem 1rem 3rem}
h1{margin:0 0 .75rem;font-size:1.5rem;line-height:1.25}
dl{margin:1rem 0;padding:.25rem 1rem .75rem;border:1px solid var(--line);border-radius:.5rem}
dt{margin-top:.5rem;color:var(--soft);font-size:.875rem}
dd{margin:0;overflow-wrap:anywhere}
label{display:block;margin:1rem 0 .25rem;font-weight:600}
input,select,textarea,button{box-sizing:border-box;width:100%;padding:.625rem;border:1px solid var(--soft);border-radius:.375rem;background:var(--ground);color:var(--text);font:inherit}
button{margin-top:1.25rem;border-color:var(--action);background:var(--action);color:var(--on-action);font-weight:600;cursor:pointer}
:focus-visible{outline:3px solid var(--action);outline-offset:2px}
code{display:block;margin:.25rem 0;padding:.5rem;border:1px solid var(--line);border-radius:.375rem;overflow-wrap:anywhere;font:.875rem/1.5 ui-monospace,monospace}
.alarm{color:var(--alarm);font-weight:600}
.soft{color:var(--soft);font-size:.875rem}
`;

/** What browsers may do with a page (Content Security Policy Level 3): show it, and send its form back to where it came from. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(CSS).digest('base64')}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const WORDS: Record<LinkAction, { question: string; meaning: string; button: string }> = {
  acknowledge: {
    question: 'Acknowledge this alert?',
    meaning: 'It says that you are looking at it. The alert stays until somebody closes it.',
    button: 'Acknowledge',
  },
  close: {
    question: 'Close this alert?',
    meaning: 'Nothing more is to be done about it. It opens again if the same goes on.',
    button: 'Close',
  },
};

const REASONS: Record<CloseReason, string> = {
  resolved: 'Resolved: it happened, and is dealt with',
  'false-positive': 'False positive: the alert is mistaken',
  expected: 'Expected: ordinary or planned work',
  duplicate: 'Duplicate: another alert is about the same',
};

const BYTES = { name: 300, sentence: 1000 };

/** Asks before anything is done: programs that look at links before people do send no forms. */
export function formPage(
  action: LinkAction,
  alert: LinkedAlert,
  token: string,
  fields: LinkFields = { name: '', note: '', reason: '' },
  problem?: string,
): Html {
  const { question, meaning, button } = WORDS[action];
  return page(
    question,
    html`<p>${meaning}</p>
${details(alert)}
<form method="post" action="${action}">
${problem === undefined ? '' : html`<p class="alarm" role="alert">${problem}</p>`}
<input type="hidden" name="t" value="${token}">
<label for="name">Your name</label>
<input id="name" name="name" value="${fields.name}" required maxlength="${MAX_NAME}" autocomplete="name" aria-describedby="recorded">
<p class="soft" id="recorded">It is recorded in the history of the alert.</p>
${action === 'close' ? reasonField(fields.reason) : ''}
<label for="note">Note (optional)</label>
<textarea id="note" name="note" rows="3" maxlength="${MAX_NOTE}">${fields.note}</textarea>
<button type="submit">${button}</button>
</form>`,
  );
}

/** What has become of the alert. @param isNew the person who reads it has just done it */
export function statePage(alert: LinkedAlert, isNew: boolean): Html {
  const { id, status } = alert;
  const isDecided = status === 'acknowledged' || status === 'closed';
  const title = `${isNew ? 'Done: the alert is' : isDecided ? 'This alert is already' : 'This alert is'} ${status}`;
  const further =
    status === 'closed'
      ? 'Who wants it open again runs pgvigil alerts reopen, with its id.'
      : isDecided
        ? 'You can close this page.'
        : 'Nobody is told of it any more, and nothing is to be done.';
  return page(
    title,
    html`<p role="status">${isDecided ? decided(alert) : ''}${further}</p>
${details(alert)}
<p class="soft">All that is known of it:</p>
<code>${showCommand(id)}</code>`,
  );
}

/** Something other than an alert. @param command what to run instead */
export function noticePage(title: string, text: string, command?: string): Html {
  return page(title, html`<p>${text}</p>${command === undefined ? '' : html`<code>${command}</code>`}`);
}

function page(title: string, body: Html): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · pgvigil</title>
<style>${raw(CSS)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`;
}

function details({ id, title, severity, server, summary, status }: LinkedAlert): Html {
  const isGrave = severity === 'critical' || severity === 'high';
  return html`<dl>
<dt>Alert</dt><dd><strong>${bounded(title, BYTES.name)}</strong></dd>
<dt>What happened</dt><dd>${bounded(summary, BYTES.sentence)}</dd>
<dt>Severity</dt><dd class="${isGrave ? 'alarm' : ''}">${severity}</dd>
<dt>Server</dt><dd>${bounded(server, BYTES.name)}</dd>
<dt>Status</dt><dd>${status}</dd>
<dt>Id</dt><dd>${id}</dd>
</dl>`;
}

function reasonField(chosen: string): Html {
  const options = CLOSE_REASONS.map(
    (reason) =>
      html`<option value="${reason}"${raw(reason === chosen ? ' selected' : '')}>${REASONS[reason]}</option>`,
  );
  return html`<label for="reason">Reason</label>
<select id="reason" name="reason" required>
<option value="">Choose one</option>
${options}
</select>`;
}

/** `by Ana on 2026-03-01 at 12:00 UTC. `; a name that is written from right to left stays within itself. */
function decided({ step }: LinkedAlert): Html | string {
  if (step === null) return '';
  const [day, time] = step.time.toISOString().split('T');
  const reason = step.reason === null ? '' : ` (${step.reason})`;
  return html`By <bdi>${bounded(step.actor, BYTES.name)}</bdi>${reason}, on ${day} at ${time?.slice(0, 5)} UTC. `;
}
