/** JSON of a message: bytes, text, value. */

const UTF8 = new TextDecoder();

/** The last byte of an object, an array and a string by its first. */
const CLOSING: ReadonlyMap<number, number> = new Map(
  ['{}', '[]', '""'].map((pair) => [pair.charCodeAt(0), pair.charCodeAt(1)]),
);

/** Bytes that are not UTF-8 become U+FFFD; a byte order mark is left out. */
export function decodeUtf8(bytes: Uint8Array): string {
  return UTF8.decode(bytes);
}

/** The value of a JSON text, or undefined when it does not parse. */
export function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * `parseText` of bytes. A refusal by the parser costs as much as a thousand bytes of JSON, and a damaged message may fall
 * into thousands of pieces: one whose last byte does not close what its first opens is not asked about.
 */
export function parseJson(bytes: Uint8Array): unknown {
  let start = 0;
  let end = bytes.length;
  while (start < end && bytes[start]! <= 0x20) start++;
  while (end > start && bytes[end - 1]! <= 0x20) end--;
  if (start === end) return undefined;
  const closing = CLOSING.get(bytes[start]!);
  if (closing !== undefined && (end - start < 2 || bytes[end - 1] !== closing)) return undefined;
  return parseText(decodeUtf8(bytes));
}
