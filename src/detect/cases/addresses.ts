/** What a case says of a client's address, as if files had told it. Pure. */
import { type AddressFacts, describeAddress } from '../../enrichment/describe.ts';
import { RangeMap } from '../../enrichment/range-map.ts';
import type { CaseAddress } from './case-file.ts';

const NOTHING = {
  country: null,
  asn: null,
  providers: new RangeMap<never>([]),
  lists: new RangeMap<never>([]),
  networks: new RangeMap<never>([]),
  hasTrusted: false,
};

export function caseFacts(client: string, known: CaseAddress): AddressFacts {
  const { accuracy_km, as_org, lists_as_of, is_trusted, ...rest } = known;
  return {
    ...describeAddress(client, NOTHING),
    ...rest,
    accuracyKm: accuracy_km,
    asOrg: as_org,
    listsAsOf: lists_as_of === null ? null : Date.parse(lists_as_of),
    isTrusted: is_trusted,
  };
}
