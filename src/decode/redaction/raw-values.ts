/**
 * Values without a name in the raw bytes of a record: pgaudit's parameters and those of DETAIL and CONTEXT. Decoding blanks
 * them when the statement names a secret; a reject was not decoded, so its JSON is searched as text.
 */

const REDACTED = '<REDACTED>';

/** Where values begin that go on to the end of their JSON string. */
const VALUES_START = /parameters: |failing row contains \(|AUDIT: /gi;

/** What pgaudit prints in place of parameters, and the rows behind it. */
const NO_PARAMETERS = /,<(?:not logged|none|previously logged)>(?:,\d{1,20})?$/;

/** JSON, or a piece of it, of which every such value is blanked. */
export function blankRawValues(json: string): string {
  const starts = new RegExp(VALUES_START);
  let out = '';
  let copied = 0;
  for (let found = starts.exec(json); found !== null; found = starts.exec(json)) {
    const from = starts.lastIndex;
    const end = stringEnd(json, from);
    starts.lastIndex = end;
    const start = found[0] === 'AUDIT: ' ? parametersStart(json.slice(from, end)) : 0;
    if (start < 0) continue;
    out += json.slice(copied, from + start) + REDACTED;
    copied = end;
  }
  return out + json.slice(copied);
}

/** Index of the quote that ends the JSON string around `at`. */
function stringEnd(json: string, at: number): number {
  let end = at;
  while (end < json.length && json[end] !== '"') end += json[end] === '\\' ? 2 : 1;
  return Math.min(end, json.length);
}

/** Index, in the JSON text of an audit line, of the last field but the rows; -1 where it holds no parameters. */
function parametersStart(line: string): number {
  if (NO_PARAMETERS.test(line.slice(-64))) return -1;
  const rows = /,\d{1,20}$/.exec(line.slice(-24));
  const end = line.length - (rows?.[0].length ?? 0);
  if (!line.startsWith('\\"', end - 2)) return line.lastIndexOf(',', end - 1) + 1;
  let open = line.lastIndexOf(',\\"', end - 3);
  // An even number of quotes is one inside the field.
  while (open > 0 && quotesAt(line, open + 1) % 2 === 0) open = line.lastIndexOf(',\\"', open - 1);
  return open + 1;
}

/** How many `\"` stand in a row. */
function quotesAt(json: string, at: number): number {
  let end = at;
  while (json.startsWith('\\"', end)) end += 2;
  return (end - at) / 2;
}
