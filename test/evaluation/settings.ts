/** What an operator of the two servers would have configured: what no log can tell. */
import type { DetectionSettings } from '../../src/worker/arming.ts';

export const SETTINGS: DetectionSettings = {
  detectorFolders: [],
  modes: {},
  parameters: {
    X04: { sensitive: ['hr.%'] },
    X07: { sensitive: ['hr.%'] },
    X09: { relations: ['customer_cards_2024'], visitors: ['backup'] },
  },
};
