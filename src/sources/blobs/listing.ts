/**
 * Finds the blobs of a span of time without listing the years around it, oldest first.
 *
 * Folders that stand for a time are gone into only where they overlap the span; one that lies in it as a whole is listed at once.
 * Names within such folders sort by time, so the lists of several servers are merged while they come in, page by page.
 */
import type { BlobItem, ContainerClient } from '@azure/storage-blob';
import type { ListedBlob } from './listed-blob.ts';
import type { Patience } from './patience.ts';
import { isWithin, overlaps, type Period, periodOf, periodOfBlob } from './period.ts';

const READABLE = /\.(?:json|json\.gz|avro)$/i;
const PAGE = 1000;

export interface Listing {
  container: ContainerClient;
  patience: Patience;
  /** Of the hours asked for. */
  span: Period;
}

/** Folders that hold folders of years, and blobs outside of such, below a prefix. */
interface Found {
  dated: string[];
  undated: ListedBlob[];
}

/**
 * Blobs below a prefix: first those whose names say nothing of a time, then those of the span by time. Memory: about 0.5 kB for
 * each of the former, a page for each server or partition of the latter.
 *
 * @throws the client's errors
 */
export async function* listBlobs(listing: Listing, prefix: string): AsyncGenerator<ListedBlob> {
  const found: Found = { dated: [], undated: [] };
  await discover(listing, prefix, found);
  yield* found.undated.sort((one, other) => compare(one.name, other.name));
  yield* merged(found.dated.map((folder) => datedIn(listing, folder)));
}

async function discover(listing: Listing, prefix: string, found: Found): Promise<void> {
  if (periodOf(prefix) !== null) {
    found.dated.push(prefix);
    return;
  }
  const { folders, blobs } = await level(listing, prefix);
  if (folders.some((folder) => periodOf(folder) !== null)) found.dated.push(prefix);
  for (const blob of blobs) {
    const { period } = blob;
    if (period === null || overlaps(period, listing.span)) found.undated.push(blob);
  }
  for (const folder of folders) if (periodOf(folder) === null) await discover(listing, folder, found);
}

/** What lies in the folders of a time below a prefix. */
async function* datedIn(listing: Listing, prefix: string): AsyncGenerator<ListedBlob> {
  const above = periodOf(prefix);
  const { folders, blobs } = await level(listing, prefix);
  // Blobs beside folders of years were found before.
  if (above !== null) yield* blobs.filter(({ period }) => period !== null && overlaps(period, listing.span));
  for (const folder of folders) {
    const period = periodOf(folder);
    if (period === null || !overlaps(period, listing.span)) continue;
    const isFiner = above === null || period.to - period.from < above.to - above.from;
    if (isFiner && !isWithin(period, listing.span) && period.to - period.from > 3_600_000)
      yield* datedIn(listing, folder);
    else yield* allBelow(listing, folder);
  }
}

async function level(
  { container, patience }: Listing,
  prefix: string,
): Promise<{ folders: string[]; blobs: ListedBlob[] }> {
  const folders: string[] = [];
  const blobs: ListedBlob[] = [];
  let continuationToken: string | undefined;
  do {
    const { value } = await patience.run((abortSignal) =>
      container
        .listBlobsByHierarchy('/', { prefix, abortSignal })
        .byPage({ maxPageSize: PAGE, ...(continuationToken && { continuationToken }) })
        .next(),
    );
    for (const { name } of value?.segment.blobPrefixes ?? []) folders.push(name);
    blobs.push(...readable(value?.segment.blobItems ?? []));
    continuationToken = value?.continuationToken;
  } while (continuationToken);
  return { folders: folders.sort(compare), blobs };
}

async function* allBelow({ container, patience, span }: Listing, prefix: string): AsyncGenerator<ListedBlob> {
  let continuationToken: string | undefined;
  do {
    const { value } = await patience.run((abortSignal) =>
      container
        .listBlobsFlat({ prefix, abortSignal })
        .byPage({ maxPageSize: PAGE, ...(continuationToken && { continuationToken }) })
        .next(),
    );
    for (const blob of readable(value?.segment.blobItems ?? []))
      if (blob.period === null || overlaps(blob.period, span)) yield blob;
    continuationToken = value?.continuationToken;
  } while (continuationToken);
}

function readable(items: readonly BlobItem[]): ListedBlob[] {
  return items
    .filter(({ name, properties }) => READABLE.test(name) && (properties.contentLength ?? 0) > 0)
    .map(({ name, properties }) => ({
      name,
      period: periodOfBlob(name),
      size: properties.contentLength!,
      etag: unquoted(properties.etag),
      created: properties.createdOn?.getTime() ?? 0,
    }));
}

/** An ETag has quotes in the header of a blob, none in a list. */
export function unquoted(etag: string): string {
  return etag.replaceAll('"', '');
}

/** One list of several, by time and then name. */
async function* merged(lists: AsyncGenerator<ListedBlob>[]): AsyncGenerator<ListedBlob> {
  const heads: { blob: ListedBlob; list: AsyncGenerator<ListedBlob> }[] = [];
  const advance = async (list: AsyncGenerator<ListedBlob>) => {
    const { value, done } = await list.next();
    if (!done) heads.push({ blob: value, list });
  };
  for (const list of lists) await advance(list);
  while (heads.length > 0) {
    let first = 0;
    for (let index = 1; index < heads.length; index++)
      if (isBefore(heads[index]!.blob, heads[first]!.blob)) first = index;
    const [{ blob, list }] = heads.splice(first, 1) as [(typeof heads)[0]];
    yield blob;
    await advance(list);
  }
}

function isBefore(one: ListedBlob, other: ListedBlob): boolean {
  const [at, otherAt] = [one.period?.from ?? 0, other.period?.from ?? 0];
  return at === otherAt ? one.name < other.name : at < otherAt;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
