/**
 * What Teams takes: the elements that are used here, as adaptivecards.io/schemas/adaptive-card.json (1.5.0) has them, with the
 * extension `msteams` of Teams; and a model of what comes alive in a card.
 */
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';

const spacing = { enum: ['default', 'none', 'small', 'medium', 'large', 'extraLarge', 'padding'] };

const element = (type: string, required: string[], properties: Record<string, object>) => ({
  type: 'object',
  additionalProperties: false,
  required: ['type', ...required],
  properties: { type: { const: type }, ...properties },
});

const ajv = new Ajv({ discriminator: true });
addFormats.default(ajv);

const validate = ajv.compile({
  $defs: {
    element: {
      type: 'object',
      required: ['type'],
      discriminator: { propertyName: 'type' },
      oneOf: [{ $ref: '#/$defs/container' }, { $ref: '#/$defs/richTextBlock' }],
    },
    container: element('Container', ['items'], {
      style: { enum: ['default', 'emphasis', 'good', 'attention', 'warning', 'accent'] },
      bleed: { type: 'boolean' },
      spacing,
      items: { type: 'array', minItems: 1, items: { $ref: '#/$defs/element' } },
    }),
    richTextBlock: element('RichTextBlock', ['inlines'], {
      spacing,
      inlines: { type: 'array', minItems: 1, items: { $ref: '#/$defs/textRun' } },
    }),
    textRun: element('TextRun', ['text'], {
      text: { type: 'string' },
      weight: { enum: ['default', 'lighter', 'bolder'] },
      size: { enum: ['default', 'small', 'medium', 'large', 'extraLarge'] },
      fontType: { enum: ['default', 'monospace'] },
      isSubtle: { type: 'boolean' },
    }),
    openUrl: element('Action.OpenUrl', ['title', 'url'], {
      title: { type: 'string', minLength: 1 },
      url: { type: 'string', format: 'uri', pattern: '^https?:' },
    }),
    card: element('AdaptiveCard', ['$schema', 'version', 'body'], {
      $schema: { const: 'http://adaptivecards.io/schemas/adaptive-card.json' },
      version: { enum: ['1.4', '1.5'] },
      fallbackText: { type: 'string' },
      msteams: {
        type: 'object',
        additionalProperties: false,
        properties: { width: { const: 'Full' } },
      },
      body: { type: 'array', minItems: 1, items: { $ref: '#/$defs/element' } },
      // More than six are not shown (learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-actions).
      actions: { type: 'array', minItems: 1, maxItems: 6, items: { $ref: '#/$defs/openUrl' } },
    }),
  },
  ...element('message', ['attachments'], {
    attachments: {
      type: 'array',
      minItems: 1,
      maxItems: 1,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['contentType', 'contentUrl', 'content'],
        properties: {
          contentType: { const: 'application/vnd.microsoft.card.adaptive' },
          contentUrl: { type: 'null' },
          content: { $ref: '#/$defs/card' },
        },
      },
    },
  }),
});

/** What is wrong with a body; null where nothing is. */
export function refusalOf(body: unknown): string | null {
  return validate(body) ? null : ajv.errorsText(validate.errors);
}

/** Markdown of learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format, addresses, mentions. */
const MARKDOWN =
  /\[[^\]]*\]\([^)]*\)|\*\*?\S[^*]*\*|_\S[^_]*_|^\s*(?:[-*]|\d+\.)\s|https?:\/\/\S+|<at>[^<]*<\/at>/gm;
/** Works in every text, also in those without Markdown. */
const FUNCTION = /\{\{(?:DATE|TIME)\([^)]*\)\}\}/g;

/** Whatever in a card is more than the text that it shows. Actions of the card itself aside. */
export function liveParts(body: unknown): string[] {
  if (body === null || typeof body !== 'object') return [];
  if (Array.isArray(body)) return body.flatMap(liveParts);
  const node = body as Record<string, unknown> & { type?: string };
  const texts = ['text', 'value', 'fallbackText'].flatMap((key) => {
    const text = node[key];
    if (typeof text !== 'string') return [];
    return [
      ...(node.type === 'TextRun' ? [] : (text.match(MARKDOWN) ?? [])),
      ...(text.match(FUNCTION) ?? []),
    ];
  });
  const parts = ['selectAction', 'entities', 'url'].filter((key) => key in node);
  const isAction = node.type === 'Action.OpenUrl';
  return [...texts, ...(isAction ? [] : parts), ...Object.values(node).flatMap(liveParts)];
}

/** Every text of a card as a person sees it. */
export function shownTexts(body: unknown): string[] {
  if (body === null || typeof body !== 'object') return [];
  if (Array.isArray(body)) return body.flatMap(shownTexts);
  const { text } = body as { text?: unknown };
  return [...(typeof text === 'string' ? [text] : []), ...Object.values(body).flatMap(shownTexts)];
}
