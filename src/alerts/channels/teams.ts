/**
 * Channel that posts to a workflow of Microsoft Teams which begins with "When a Teams webhook request is received"
 * (learn.microsoft.com/connectors/teams/#microsoft-teams-webhook). It answers 202 when the workflow has begun; whether the
 * card was posted then stands in the history of the workflow.
 *
 * Attackers write most of the texts. TextBlock and FactSet render Markdown, and clients differ in what they take for an
 * escape; TextRun renders none (learn.microsoft.com/adaptive-cards/authoring-cards/text-features). So every text is a TextRun.
 */
import { secretRef } from '../../config/references.ts';
import type { Severity } from '../../model/severity.ts';
import { fitted } from '../fitting.ts';
import type { Message } from '../message.ts';
import { type Story, storyOf } from '../story.ts';
import { channelKind } from './channel.ts';
import { ChatChannel } from './chat.ts';
import { HttpSender } from './http.ts';

/**
 * Teams takes messages of "approximately 28 KB" (learn.microsoft.com/connectors/teams/#known-issues-and-limitations). What it
 * counts besides the card is not said, and another client (rubydoc.info/gems/msteams_hermes) measured 21 kB. The largest alert
 * takes 17 kB.
 */
const MAX_BODY_BYTES = 20_000;

export interface TeamsBody {
  type: 'message';
  attachments: [{ contentType: string; contentUrl: null; content: Card }];
}

/** Adaptive Card: nothing in it is newer than 1.2, and Teams takes 1.5. */
interface Card {
  $schema: string;
  type: 'AdaptiveCard';
  version: '1.4';
  fallbackText: string;
  /** An extension of Teams (its documentation, "Format cards"): statements and command lines need the width. */
  msteams: { width: 'Full' };
  body: Element[];
  actions?: { type: 'Action.OpenUrl'; title: string; url: string }[];
}

type Spacing = 'none' | 'small' | 'medium';
type Style = {
  weight?: 'bolder';
  size?: 'small' | 'large';
  isSubtle?: true;
  fontType?: 'monospace';
};
type Run = { type: 'TextRun'; text: string } & Style;
type Element =
  | { type: 'RichTextBlock'; inlines: Run[]; spacing?: Spacing }
  | { type: 'Container'; style: ContainerStyle; bleed?: true; items: Element[]; spacing?: Spacing };
type ContainerStyle = 'emphasis' | 'accent' | 'warning' | 'attention';

const COLOURS: Record<Severity, ContainerStyle> = {
  critical: 'attention',
  high: 'attention',
  medium: 'warning',
  low: 'accent',
  info: 'emphasis',
};

export const teams = channelKind({
  type: 'teams',
  shape: {
    url: secretRef.describe(
      'Address of the workflow. Whoever knows it can post, so it comes from env or file.',
    ),
  },
  paths: [],
  // As in every chat: who acknowledges or closes an alert does it where the others read along.
  events: ['opened', 'updated'],
  links: true,
  async open({ url }, context) {
    const sender = new HttpSender(await context.secret(url), [], context);
    // Other answers speak of the workflow, as one that was turned off: somebody may mend it.
    return new ChatChannel(context.name, sender, { layout: teamsBody, refusals: [413] });
  },
});

export function teamsBody(message: Message): TeamsBody {
  return fitted(
    storyOf(message),
    (story, isCut) => bodyOf(cardOf(message, story, isCut)),
    (body) => Buffer.byteLength(JSON.stringify(body)) <= MAX_BODY_BYTES,
  );
}

function bodyOf(content: Card): TeamsBody {
  return {
    type: 'message',
    attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content }],
  };
}

function cardOf(message: Message, story: Story, isCut: boolean): Card {
  const { label, severity, links } = story;
  return {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    // May be rendered as Markdown: none of it is an attacker's.
    fallbackText: `${severity.toUpperCase()}: ${label}`,
    msteams: { width: 'Full' },
    body: elementsOf(message, story, isCut),
    ...(links && {
      actions: [
        { type: 'Action.OpenUrl', title: 'Acknowledge', url: links.acknowledge },
        { type: 'Action.OpenUrl', title: 'Close', url: links.close },
      ],
    }),
  };
}

function elementsOf(message: Message, story: Story, isCut: boolean): Element[] {
  const { label, severity, title, sentence, change, why, facts, lines, steps, commands, footnote } = story;
  const style = message.type === 'alert.closed' ? 'emphasis' : COLOURS[severity];
  const head = [
    paragraph([run(`${severity.toUpperCase()} · ${label}`, { weight: 'bolder' })]),
    paragraph([run(title, { size: 'large', weight: 'bolder' })], 'none'),
  ];
  const elements: Element[] = [
    { type: 'Container', style, bleed: true, items: head },
    paragraph([run(sentence)], 'medium'),
  ];
  if (change !== null) elements.push(named('What changed', change, 'small'));
  if (why !== null) elements.push(named('Why', why, 'small'));
  elements.push(
    ...facts.map(({ name, value }, index) => named(name, value, index === 0 ? 'medium' : 'none')),
  );
  if (lines !== null && lines.items.length > 0) {
    elements.push(heading(lines.heading));
    elements.push(
      ...lines.items.map((item) => (lines.isCode ? code(item) : paragraph([run(`• ${item}`)], 'none'))),
    );
  }
  if (steps.length > 0) {
    elements.push(heading('What to do'));
    elements.push(...steps.map((step, index) => paragraph([run(`${index + 1}. ${step}`)], 'none')));
  }
  for (const one of commands) elements.push(heading(one.heading), code(one.command));
  const note = isCut ? `Shortened. ${footnote}` : footnote;
  elements.push(paragraph([run(note, { size: 'small', isSubtle: true })], 'medium'));
  return elements;
}

function paragraph(inlines: Run[], spacing?: Spacing): Element {
  return { type: 'RichTextBlock', inlines, ...(spacing && { spacing }) };
}

function named(name: string, value: string, spacing: Spacing): Element {
  return paragraph([run(`${name}: `, { weight: 'bolder' }), run(value)], spacing);
}

function heading(text: string): Element {
  return paragraph([run(text, { weight: 'bolder' })], 'medium');
}

function code(line: string): Element {
  const items = [paragraph([run(line, { fontType: 'monospace' })])];
  return { type: 'Container', style: 'emphasis', spacing: 'small', items };
}

/** Markdown is not rendered in it, but `{{DATE(…)}}` and `{{TIME(…)}}` are. */
function run(text: string, style: Style = {}): Run {
  return { type: 'TextRun', text: text.replace(/\{\{(?=DATE|TIME)/g, '{ {'), ...style };
}
