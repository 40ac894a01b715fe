/** What the position of a blob has to remember besides its place in it. */

/** How a text is read: a document a line, or the elements of one `{"records":[…]}`. */
export type Layout = 'lines' | 'envelope';

export interface Mark {
  /** Offset behind what is stored, in bytes, unpacked. */
  end: number;
  layout: Layout;
  packed: boolean;
  /** When the blob was created, milliseconds since 1970: one that was replaced is another. */
  created: number;
  /** Digest of what stands before `end`; see `Tail`. */
  digest: string;
  /** The blob holds nothing else as long as it keeps this ETag. */
  settled: boolean;
  etag: string;
}

/** A mark as the offset of a position. */
export function markText({ end, layout, packed, created, digest, settled, etag }: Mark): string {
  const kind = `${layout === 'lines' ? 'l' : 'e'}${packed ? 'z' : ''}${settled ? '.' : ''}`;
  return [end, kind, created.toString(36), digest, etag].join(' ');
}

/** The mark of a position; null for an offset that is none. */
export function readMark(offset: string): Mark | null {
  const found = /^(\d+) ([le])(z?)(\.?) ([0-9a-z]+) ([0-9a-f]*) (.*)$/.exec(offset);
  if (found === null) return null;
  const [, end, layout, packed, settled, created, digest = '', etag = ''] = found;
  return {
    end: Number(end),
    layout: layout === 'l' ? 'lines' : 'envelope',
    packed: packed !== '',
    created: Number.parseInt(created!, 36),
    digest,
    settled: settled !== '',
    etag,
  };
}
