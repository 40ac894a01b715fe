/** Lists of addresses to be warned of: one address, CIDR or range a line; comments begin with `#` or `;`. Pure. */
import { printable } from '../printable.ts';
import { type Block, parseBlocks } from './address.ts';
import type { Problem } from './problem.ts';

export interface ParsedList {
  blocks: Block[];
  /** The first lines that are nothing of the kind; the others count. */
  problems: Problem[];
}

const MAX_PROBLEMS = 5;
const SHOWN = 40;

export function parseThreatList(text: string): ParsedList {
  const blocks: Block[] = [];
  const problems: Problem[] = [];
  let wrong = 0;
  for (const [index, line] of text.split('\n').entries()) {
    const entry = line.replace(/[#;].*/, '').trim();
    if (entry === '') continue;
    const found = parseBlocks(entry) ?? parseBlocks(entry.split(/[\s,]/, 1)[0] ?? '');
    if (found !== null) blocks.push(...found);
    else if (++wrong <= MAX_PROBLEMS) {
      problems.push({
        line: index + 1,
        reason: `"${printable(entry.slice(0, SHOWN))}" is no address or CIDR`,
      });
    }
  }
  if (wrong > MAX_PROBLEMS)
    problems.push({ line: null, reason: `${wrong} lines in all are no address or CIDR` });
  // A list may well be empty; a file in which nothing is an address is a page that says "not found".
  if (blocks.length === 0 && wrong > 0)
    problems.unshift({ line: null, reason: 'no line is an address or CIDR' });
  return { blocks, problems };
}
