/**
 * Channel that posts to an incoming webhook of Slack (docs.slack.dev/messaging/sending-messages-using-incoming-webhooks).
 *
 * Attackers write most of the texts. No text object is `mrkdwn`: what stands in `plain_text` or in a `rich_text` block is
 * shown as it is, so that no formatting, link or mention of theirs comes alive and no backtick ends a statement.
 */
import { secretRef } from '../../config/references.ts';
import { fitted } from '../fitting.ts';
import type { Message } from '../message.ts';
import { headlineOf, type Story, storyOf } from '../story.ts';
import { channelKind } from './channel.ts';
import { ChatChannel } from './chat.ts';
import { HttpSender } from './http.ts';

/** Characters, of docs.slack.dev/reference/block-kit/blocks/header-block and section-block; Slack recommends 4,000 for `text`. */
const MAX_HEADER = 150;
const MAX_FIELD = 2_000;
const MAX_FIELDS = 10;
const MAX_NOTIFICATION = 1_000;

/**
 * Slack refuses blocks that are too long together (`msg_blocks_too_long`) and does not say from which length on. Its
 * maintainers name 12,000 characters (github.com/slackapi/bolt-js/issues/2509), and others had less text refused
 * (issue 2867 there): so the JSON of the blocks, names and all, keeps below it.
 */
const MAX_BLOCKS_BYTES = 12_000;

export interface SlackBody {
  /** What notifications and screen readers show in place of the blocks. */
  text: string;
  blocks: Block[];
  /** Slack would fetch addresses from a message otherwise, and tell an attacker by it that an alert was raised. */
  unfurl_links: false;
  unfurl_media: false;
  /** `@here` and the like in `text` stay what they are. */
  link_names: false;
}

type PlainText = { type: 'plain_text'; text: string; emoji: false };
type RichText = { type: 'text'; text: string; style?: { bold: true } };
type RichPart =
  | { type: 'rich_text_section' | 'rich_text_preformatted'; elements: RichText[] }
  | { type: 'rich_text_list'; style: 'ordered' | 'bullet'; elements: RichPart[] };
type Button = { type: 'button'; text: PlainText; url: string; action_id: string };
type Block =
  | { type: 'header'; text: PlainText }
  | { type: 'section'; fields: PlainText[] }
  | { type: 'rich_text'; elements: RichPart[] }
  | { type: 'actions'; elements: Button[] }
  | { type: 'context'; elements: PlainText[] };

export const slack = channelKind({
  type: 'slack',
  shape: {
    url: secretRef.describe(
      'Address of the incoming webhook. Whoever knows it can post, so it comes from env or file.',
    ),
  },
  paths: [],
  // Who acknowledges or closes an alert does it where the others read along; more messages only hide alerts.
  events: ['opened', 'updated'],
  links: true,
  async open({ url }, context) {
    const sender = new HttpSender(await context.secret(url), [], context);
    // 400: invalid_payload, invalid_blocks. 403 (action_prohibited, invalid_token) and 404 (no_service, channel_not_found)
    // speak of the webhook, which somebody may mend; 410 is channel_is_archived.
    return new ChatChannel(context.name, sender, { layout: slackBody, refusals: [400, 413] });
  },
});

export function slackBody(message: Message): SlackBody {
  const headline = headlineOf(message);
  const story = storyOf(message);
  return {
    text: escaped(unformatted(`${headline}: ${story.sentence}`), MAX_NOTIFICATION),
    blocks: fitted(
      story,
      (shown, isCut) => blocksOf(headline, shown, isCut),
      (blocks) => Buffer.byteLength(JSON.stringify(blocks)) <= MAX_BLOCKS_BYTES,
    ),
    unfurl_links: false,
    unfurl_media: false,
    link_names: false,
  };
}

function blocksOf(headline: string, story: Story, isCut: boolean): Block[] {
  const { sentence, change, why, facts, lines, steps, commands, links, footnote } = story;
  const blocks: Block[] = [
    { type: 'header', text: plain(headline, MAX_HEADER) },
    rich(section(text(sentence))),
  ];
  if (change !== null) blocks.push(rich(section(bold('What changed: '), text(change))));
  if (why !== null) blocks.push(rich(section(bold('Why: '), text(why))));
  const fields = facts.map(({ name, value }) => plain(`${name}:\n${value}`, MAX_FIELD));
  for (let from = 0; from < fields.length; from += MAX_FIELDS) {
    blocks.push({ type: 'section', fields: fields.slice(from, from + MAX_FIELDS) });
  }
  if (lines !== null && lines.items.length > 0) {
    const items = lines.isCode ? lines.items.map(code) : [list('bullet', lines.items)];
    blocks.push(rich(section(bold(lines.heading)), ...items));
  }
  if (steps.length > 0) blocks.push(rich(section(bold('What to do')), list('ordered', steps)));
  if (commands.length > 0) {
    blocks.push(rich(...commands.flatMap((one) => [section(bold(one.heading)), code(one.command)])));
  }
  if (links !== null) {
    const elements = [
      button('Acknowledge', links.acknowledge, 'acknowledge'),
      button('Close', links.close, 'close'),
    ];
    blocks.push({ type: 'actions', elements });
  }
  const note = isCut ? `Shortened. ${footnote}` : footnote;
  blocks.push({ type: 'context', elements: [plain(note, MAX_FIELD)] });
  return blocks;
}

function rich(...elements: RichPart[]): Block {
  return { type: 'rich_text', elements };
}

function section(...elements: RichText[]): RichPart {
  return { type: 'rich_text_section', elements };
}

function code(line: string): RichPart {
  return { type: 'rich_text_preformatted', elements: [text(line)] };
}

function list(style: 'ordered' | 'bullet', items: readonly string[]): RichPart {
  return { type: 'rich_text_list', style, elements: items.map((item) => section(text(item))) };
}

/** The elements of rich text hold text and no markup, so nothing is escaped in them; Slack refuses an empty one. */
function text(value: string): RichText {
  return { type: 'text', text: value || '–' };
}

function bold(value: string): RichText {
  return { ...text(value), style: { bold: true } };
}

/** Without `emoji: false`, `:100:` inside an IPv6 address would become a picture. */
function plain(value: string, room: number): PlainText {
  return { type: 'plain_text', text: escaped(value, room), emoji: false };
}

function button(label: string, url: string, action: string): Button {
  return { type: 'button', text: plain(label, MAX_FIELD), url, action_id: action };
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** As docs.slack.dev/messaging/formatting-message-text#escaping asks, cut to what it takes then; no entity is cut in half. */
function escaped(value: string, room: number): string {
  let kept = '';
  for (const character of value) {
    const safe = ENTITIES[character] ?? character;
    if (kept.length + safe.length >= room) return `${kept}…`;
    kept += safe;
  }
  return kept;
}

/**
 * `text` is mrkdwn, and nothing says that an incoming webhook lets that be turned off. Marks of formatting need the edge of a
 * word: they go there, and stay within names such as app_rw.
 */
function unformatted(value: string): string {
  return value.replace(/(?<![\p{L}\p{N}])[*_~`]+|[*_~`]+(?![\p{L}\p{N}])/gu, '');
}
