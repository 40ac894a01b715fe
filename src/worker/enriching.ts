/** What the detection loop calls to know the addresses of new clients. */
import { AddressBook } from '../enrichment/address-book.ts';
import type { EnrichmentSettings } from '../enrichment/enrichment-files.ts';
import { messageOf } from '../errors.ts';
import type { Store } from '../store/store.ts';

/** Opens the book of addresses. What it returns never throws: detectors go on with what is known. */
export async function startEnriching(
  store: Store,
  settings: EnrichmentSettings,
  onFailure: (error: string) => void,
): Promise<() => Promise<void>> {
  const book = await AddressBook.open(store, settings);
  return async () => {
    try {
      await book.enrich();
    } catch (error) {
      onFailure(messageOf(error));
    }
  };
}
