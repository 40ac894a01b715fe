/** Signs of a ransom note: how the note's table is called, and what it says. */
import type { NodeHandlers } from '../ast.ts';
import type { Draft } from '../draft.ts';
import { tellingText } from '../watched-value.ts';

/** Names seen in campaigns against open databases: readme_to_recover, WARNING, please_read_me, recover_your_data. */
const NAME =
  /(?:^|[_.])(?:read_?me(?:_now|_please|_to_\w+|_for_\w+|_how_\w+)|please_read\w*|how_to_(?:recover|restore|decrypt|get)\w*|recover_?(?:your|my|me|data|instructions?|files?)\w*|recovery_(?:instructions?|notes?|info)\w*|restore_?(?:your|my|me)\w*|ransom\w*|hacked\w*|pwned\w*|decrypt_\w+|send_?(?:bitcoin|btc)\w*)$|^(?:\w+\.)?_*(?:warning|read_?me|your_data\w*)_*$/;

const BITCOIN_ADDRESS =
  /(?<![a-zA-Z0-9])(?:bc1[ac-hj-np-z02-9]{25,60}|[13][a-km-zA-HJ-NP-Z1-9]{25,34})(?![a-zA-Z0-9])/;
const PAYMENT = /(?<![a-z0-9])(?:bitcoins?|btc|monero|xmr)(?![a-z0-9])|\.onion(?![a-z0-9])/i;
const DEMAND =
  /(?<![a-z])(?:recover|restore|decrypt|get back|return|retrieve|leak(?:ed)?|publish(?:ed)?|sell|delete[ds]?|backed up|stolen|encrypted)(?![a-z])/i;
const DATA = /(?<![a-z])(?:data|databases?|db|tables?|files?|backups?)(?![a-z])/i;
const TAKEN =
  /(?<![a-z])your (?:data|databases?|tables?|files) (?:is|are|has been|have been|was|were) (?:backed up|encrypted|stolen|downloaded|exfiltrated|deleted)/i;
/** What a note goes on to ask for. A text about backups that says whose data is safe asks for nothing. */
const ASKS =
  /(?<![a-z])(?:you (?:must|need|have to|should)|pay(?:ment)?|contact|e-?mail|send|transfer|visit|write to|recover|hours?)(?![a-z])|https?:|@/i;

export const ransomHandlers: NodeHandlers<Draft> = {
  A_Const(node, draft) {
    if (isRansomText(tellingText(node))) draft.flags.add('ransom_text');
  },
  CommentStmt(node, draft) {
    if (isRansomText(node.comment ?? '')) draft.flags.add('ransom_text');
  },
  ColumnDef(node, draft) {
    // Notes have been left as column names and defaults too.
    if (isRansomText((node.colname ?? '').replaceAll('_', ' '))) draft.flags.add('ransom_text');
  },
  NotifyStmt(node, draft) {
    if (isRansomText(node.payload ?? '')) draft.flags.add('ransom_text');
  },
};

/** True for a text that speaks of data taken and of payment, or says outright that the data was taken and asks for something. */
export function isRansomText(text: string): boolean {
  if (text.length < 12) return false;
  if (TAKEN.test(text) && ASKS.test(text)) return true;
  return DEMAND.test(text) && DATA.test(text) && (PAYMENT.test(text) || BITCOIN_ADDRESS.test(text));
}

/** Notes that an object is created or filled whose name is that of a ransom note. */
export function noteName(name: string, draft: Draft): void {
  if (name.length <= 200 && NAME.test(name)) draft.flags.add('ransom_name');
}
