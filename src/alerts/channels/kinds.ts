/** Every kind of channel. */
import type { ChannelKind } from './channel.ts';
import { cloudevents } from './cloudevents.ts';
import { email } from './email.ts';
import { file } from './file.ts';
import { ocsf } from './ocsf.ts';
import { pagerduty } from './pagerduty.ts';
import { sentinel } from './sentinel.ts';
import { slack } from './slack.ts';
import { teams } from './teams.ts';
import { webhook } from './webhook.ts';

export const CHANNEL_KINDS = [
  webhook,
  cloudevents,
  ocsf,
  slack,
  teams,
  pagerduty,
  sentinel,
  email,
  file,
] as const;

/** @throws Error for a type that no kind has: the configuration's schema knows the same list */
export function kindOf(type: string): ChannelKind {
  const kind = (CHANNEL_KINDS as readonly unknown[] as readonly ChannelKind[]).find(
    (one) => one.type === type,
  );
  if (kind === undefined) throw new Error(`no channel of type ${type}`);
  return kind;
}
