/** Makes a story shorter until its layout fits into what a receiver takes. Pure. */
import { bounded } from './bounded.ts';
import type { Story } from './story.ts';

/**
 * From the whole story to the shortest: characters of each text, and how many of the statements or alerts. What happened, to
 * whom and where stays to the end. Command lines are never cut: half of one may do something else.
 */
const LEVELS = [
  { characters: Number.POSITIVE_INFINITY, items: Number.POSITIVE_INFINITY },
  { characters: 300, items: 5 },
  { characters: 120, items: 2 },
  { characters: 50, items: 1 },
] as const;

/**
 * The fullest layout that fits, or the shortest of all.
 *
 * @param layout told whether something was left out, so that it can say so
 */
export function fitted<Body>(
  story: Story,
  layout: (story: Story, isCut: boolean) => Body,
  fits: (body: Body) => boolean,
): Body {
  let body = layout(story, false);
  for (const level of LEVELS.slice(1)) {
    if (fits(body)) break;
    body = layout(shorter(story, level), true);
  }
  return body;
}

function shorter(story: Story, { characters, items }: (typeof LEVELS)[number]): Story {
  const cut = (text: string) => bounded(text, Number.POSITIVE_INFINITY, characters);
  const cutOrNull = (text: string | null) => (text === null ? null : cut(text));
  return {
    ...story,
    title: cut(story.title),
    sentence: cut(story.sentence),
    change: cutOrNull(story.change),
    why: cutOrNull(story.why),
    facts: story.facts.map(({ name, value }) => ({ name, value: cut(value) })),
    lines: story.lines && { ...story.lines, items: story.lines.items.slice(0, items).map(cut) },
    steps: story.steps.map(cut),
  };
}
