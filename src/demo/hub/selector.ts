import { Refusal } from './refusal.ts';

/** Name of the filter, in the source of a receiver link, that says where to start. */
export const SELECTOR_FILTER = 'apache.org:selector-filter:string';

/** Where a reader starts in a partition. */
export interface StartPosition {
  by: 'offset' | 'sequence-number' | 'enqueued-time';
  /** As written; offsets are opaque, `-1` is before the first event and `@latest` after the last. */
  value: string;
  inclusive: boolean;
}

const SELECTOR = /^amqp\.annotation\.x-opt-(offset|sequence-number|enqueued-time) *(>=?) *'([^']{1,200})'$/;

/** Reads a selector such as `amqp.annotation.x-opt-offset > '-1'`. Throws a `Refusal` for any other expression. */
export function parseSelector(text: string): StartPosition {
  const match = SELECTOR.exec(text);
  if (match === null) throw new Refusal('amqp:invalid-field', `The filter is not supported: ${text}`);
  return { by: match[1] as StartPosition['by'], value: match[3]!, inclusive: match[2] === '>=' };
}

/** The selector in a link's filter map; without one a reader starts at the first event. */
export function startPositionOf(filter: Record<string, unknown> | undefined): StartPosition {
  const clause = filter?.[SELECTOR_FILTER];
  if (clause === undefined || clause === null) return { by: 'offset', value: '-1', inclusive: false };
  const text = typeof clause === 'object' && 'value' in clause ? clause.value : clause;
  return parseSelector(String(text));
}
