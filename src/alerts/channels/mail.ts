/**
 * A message as mail: plain text for a terminal or a phone, and HTML with nothing remote in it. Attackers write names that
 * stand in it: everything is escaped, and no header takes more than a line of it. Pure.
 */
import { createHash } from 'node:crypto';
import type { Severity } from '../../model/severity.ts';
import { bounded } from '../bounded.ts';
import type { Message } from '../message.ts';
import { headlineOf, type Story, storyOf } from '../story.ts';

export interface Mail {
  subject: string;
  text: string;
  html: string;
  /** Same on every attempt: what mail systems know a repeat by (RFC 5322, 3.6.4). */
  messageId: string;
  /** What all mails of one alert refer to, so that they are one thread; null for a digest. */
  thread: string | null;
  /** Time of the message, not of the attempt; null where it has none. */
  date: Date | null;
  headers: Readonly<Record<string, string>>;
  /** Part of the MIME boundaries: the same mail is the same bytes on every attempt. */
  boundary: string;
}

const MAX_SUBJECT_CHARACTERS = 200;

/** @param id of the delivery */
export function mailOf(message: Message, id: string): Mail {
  const { data } = message;
  const story = storyOf(message);
  const subject = bounded(headlineOf(message), 4 * MAX_SUBJECT_CHARACTERS, MAX_SUBJECT_CHARACTERS);
  return {
    subject,
    text: textOf(story),
    html: htmlOf(story, subject),
    messageId: messageId(id),
    thread: message.type === 'alert.digest' ? null : messageId(data.id),
    date: message.timestamp === null ? null : new Date(message.timestamp),
    headers: {
      // RFC 3834: no out-of-office answers to this one.
      'Auto-Submitted': 'auto-generated',
      'X-Pgvigil-Alert': plainId(data.id),
    },
    boundary: createHash('sha256').update(id).digest('hex').slice(0, 16),
  };
}

function messageId(id: string): string {
  return `<${plainId(id)}@pgvigil>`;
}

/** Ids are made by us, but a test or an older store may hold others. */
function plainId(text: string): string {
  return text.slice(0, 80).replace(/[^A-Za-z0-9_-]/g, '');
}

function textOf(story: Story): string {
  const { label, severity, title, sentence, change, why, facts, lines, steps, commands, links } = story;
  const blocks: (string | null)[] = [
    `${severity.toUpperCase()} · ${label}\n${title}`,
    sentence,
    change && `Changed: ${change}`,
    why && `Why: ${why}`,
    facts.map(({ name, value }) => `${name}: ${value}`).join('\n'),
    lines && `${lines.heading}\n${lines.items.map((item) => `  ${item}`).join('\n')}`,
    steps.length > 0
      ? `What to do\n${steps.map((step, index) => `  ${index + 1}. ${step}`).join('\n')}`
      : null,
    ...commands.map(({ heading, command }) => `${heading}\n  ${command}`),
    links && `Acknowledge: ${links.acknowledge}\nClose: ${links.close}`,
  ];
  return `${blocks.filter((block) => block !== null).join('\n\n')}\n`;
}

const COLORS: Record<Severity, string> = {
  critical: '#7a0916',
  high: '#b42318',
  medium: '#b54708',
  low: '#175cd3',
  info: '#475467',
};

const FONT = 'font-family:system-ui,-apple-system,Segoe UI,Roboto,Arial,sans-serif';
const CODE =
  'font-family:ui-monospace,SFMono-Regular,Consolas,monospace;font-size:13px;white-space:pre-wrap;overflow-wrap:anywhere;background:#f2f4f7;padding:8px;margin:4px 0';
const HEADING = 'font-size:14px;margin:20px 0 4px';

function htmlOf(story: Story, subject: string): string {
  const { label, severity, title, sentence, change, why, facts, lines, steps, commands, links } = story;
  return [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><title>${escaped(subject)}</title></head>`,
    `<body style="${FONT};font-size:15px;line-height:1.5;color:#1d2939;max-width:640px;margin:16px">`,
    `<p style="color:${COLORS[severity]};font-weight:bold;margin:0">${escaped(severity.toUpperCase())} · ${escaped(label)}</p>`,
    `<h1 style="font-size:20px;margin:4px 0 12px">${escaped(title)}</h1>`,
    `<p>${escaped(sentence)}</p>`,
    change === null ? '' : `<p><b>Changed:</b> ${escaped(change)}</p>`,
    why === null ? '' : `<p><b>Why:</b> ${escaped(why)}</p>`,
    '<table style="border-collapse:collapse">',
    ...facts.map(
      ({ name, value }) =>
        `<tr><th style="text-align:left;vertical-align:top;padding:2px 12px 2px 0;white-space:nowrap">${escaped(name)}</th><td style="padding:2px 0;overflow-wrap:anywhere">${escaped(value)}</td></tr>`,
    ),
    '</table>',
    ...(lines === null
      ? []
      : [heading(lines.heading), ...lines.items.map((item) => lineOf(item, lines.isCode))]),
    ...(steps.length === 0
      ? []
      : [heading('What to do'), '<ol>', ...steps.map((step) => `<li>${escaped(step)}</li>`), '</ol>']),
    ...commands.flatMap(({ heading: text, command }) => [heading(text), lineOf(command, true)]),
    links === null
      ? ''
      : `<p>${linkOf('Acknowledge', links.acknowledge)} · ${linkOf('Close', links.close)}</p>`,
    '</body></html>',
  ]
    .filter((line) => line !== '')
    .map((line) => `${line}\n`)
    .join('');
}

function heading(text: string): string {
  return `<h2 style="${HEADING}">${escaped(text)}</h2>`;
}

function lineOf(text: string, isCode: boolean): string {
  return isCode
    ? `<pre style="${CODE}">${escaped(text)}</pre>`
    : `<p style="margin:4px 0">${escaped(text)}</p>`;
}

/** Nothing but a web address becomes a link. */
function linkOf(text: string, href: string): string {
  return /^https?:\/\//.test(href)
    ? `<a href="${escaped(href)}">${escaped(text)}</a>`
    : `${escaped(text)}: ${escaped(href)}`;
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
