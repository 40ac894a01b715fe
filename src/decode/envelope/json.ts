/** JSON of a message: bytes, text, value. */

const UTF8 = new TextDecoder();

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

/** `parseText` of bytes. */
export function parseJson(bytes: Uint8Array): unknown {
  return parseText(decodeUtf8(bytes));
}
