/**
 * What Slack takes: the blocks that are used here with the limits of docs.slack.dev/reference/block-kit, and a model of what
 * comes alive in a message.
 */
import { Ajv } from 'ajv';

const plain = (maxLength: number) => ({
  type: 'object',
  additionalProperties: false,
  required: ['type', 'text'],
  properties: {
    type: { enum: ['plain_text', 'mrkdwn'] },
    text: { type: 'string', minLength: 1, maxLength },
    emoji: { type: 'boolean' },
  },
});

/** One of `objects`, told apart by `type`. */
const oneOf = (objects: Record<string, Record<string, object>>) => ({
  type: 'object',
  required: ['type'],
  discriminator: { propertyName: 'type' },
  oneOf: Object.entries(objects).map(([type, properties]) => ({
    additionalProperties: false,
    required: [
      'type',
      ...Object.keys(properties).filter((name) => name !== 'style' || type === 'rich_text_list'),
    ],
    properties: { type: { const: type }, ...properties },
  })),
});

const richText = { $ref: '#/$defs/richText' };
const section = { type: 'array', minItems: 1, items: richText };

const ajv = new Ajv({ discriminator: true });

const validate = ajv.compile({
  $defs: {
    richText: oneOf({
      text: { text: { type: 'string', minLength: 1 }, style: { type: 'object' } },
    }),
    richSection: oneOf({ rich_text_section: { elements: section } }),
  },
  type: 'object',
  additionalProperties: false,
  required: ['text', 'blocks'],
  properties: {
    text: { type: 'string', minLength: 1, maxLength: 4_000 },
    unfurl_links: { type: 'boolean' },
    unfurl_media: { type: 'boolean' },
    link_names: { type: 'boolean' },
    blocks: {
      type: 'array',
      minItems: 1,
      maxItems: 50,
      items: oneOf({
        header: { text: plain(150) },
        section: { fields: { type: 'array', minItems: 1, maxItems: 10, items: plain(2_000) } },
        context: { elements: { type: 'array', minItems: 1, maxItems: 10, items: plain(3_000) } },
        actions: {
          elements: {
            type: 'array',
            minItems: 1,
            maxItems: 25,
            items: oneOf({
              button: {
                text: plain(75),
                url: { type: 'string', pattern: '^https?://[!-~]+$', maxLength: 3_000 },
                action_id: { type: 'string', maxLength: 255 },
              },
            }),
          },
        },
        rich_text: {
          elements: {
            type: 'array',
            minItems: 1,
            items: oneOf({
              rich_text_section: { elements: section },
              rich_text_preformatted: { elements: section },
              rich_text_list: {
                style: { enum: ['ordered', 'bullet'] },
                elements: { type: 'array', minItems: 1, items: { $ref: '#/$defs/richSection' } },
              },
            }),
          },
        },
      }),
    },
  },
});

/** Characters of all blocks together; Slack's own count is not known. */
const MAX_TOTAL = 12_000;

/** What is wrong with a body, as Slack would say; null where it takes it. */
export function refusalOf(body: unknown): string | null {
  if (!validate(body)) return `invalid_blocks: ${ajv.errorsText(validate.errors)}`;
  const { blocks } = body as { blocks: object[] };
  return JSON.stringify(blocks).length > MAX_TOTAL ? 'msg_blocks_too_long' : null;
}

/** Whatever in a body is more than the text that it shows: mentions, links, formatting. Buttons aside. */
export function liveParts(body: unknown): string[] {
  if (typeof body === 'string' || body === null || typeof body !== 'object') return [];
  if (Array.isArray(body)) return body.flatMap(liveParts);
  const node = body as { type?: string; text?: unknown; emoji?: boolean };
  const below = Object.values(node).flatMap(liveParts);
  if (typeof node.text !== 'string') {
    const isMention = /^(broadcast|user|usergroup|channel|team|link|emoji|date|color)$/.test(node.type ?? '');
    return isMention ? [JSON.stringify(node), ...below] : below;
  }
  // Rich text: the elements say what is alive, and `text` is a text.
  if (node.type === 'text') return below;
  const entities = node.text.match(/<[^>]*>?|>|&(?!(?:amp|lt|gt);)/g) ?? [];
  if (node.type === 'plain_text') {
    return [...entities, ...((node.emoji === false ? null : node.text.match(/:[\w+-]+:/g)) ?? []), ...below];
  }
  const marks = node.text.match(/(?<![\p{L}\p{N}])([*_~`])[^\s].*?\1(?![\p{L}\p{N}])/gu) ?? [];
  return [...entities, ...marks, ...below];
}

/** Every text of a body as a person sees it. */
export function shownTexts(body: unknown): string[] {
  if (body === null || typeof body !== 'object') return [];
  if (Array.isArray(body)) return body.flatMap(shownTexts);
  const node = body as { type?: string; text?: unknown };
  const below = Object.values(node).flatMap(shownTexts);
  if (typeof node.text !== 'string') return below;
  const shown = node.type === 'text' ? node.text : decoded(node.text);
  return [shown, ...below];
}

function decoded(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
