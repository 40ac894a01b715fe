import { AccessTokens } from '../../src/access/access-tokens.ts';
import { AllowList } from '../../src/alerts/allow-list/allow-list.ts';
import { AlertDesk } from '../../src/alerts/desk.ts';
import { Notifier } from '../../src/alerts/notifier.ts';
import type { Store } from '../../src/store/store.ts';

/** What the control of a worker without channels changes in the store. */
export function partsOf(store: Store): {
  allowList: AllowList;
  desk: AlertDesk;
  tokens: AccessTokens;
} {
  const notifier = new Notifier({ routes: [] });
  return {
    tokens: new AccessTokens(store),
    allowList: new AllowList(store, []),
    desk: new AlertDesk({ store, notifier, detectorFolders: [] }),
  };
}
