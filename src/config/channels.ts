/** The section `channels` of the configuration: what every channel has, and the keys of each kind. */
import { z } from 'zod';
import type { ChannelKind } from '../alerts/channels/channel.ts';
import { CHANNEL_KINDS } from '../alerts/channels/kinds.ts';
import { routingShape } from '../alerts/routing.ts';
import { timingShape } from '../alerts/timing.ts';

const common = {
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/)
    .meta({ allowed: 'a name of up to 63 letters, digits, _ and -' })
    .describe('Name of the channel: shown by commands, key of its deliveries.'),
  ...routingShape,
  ...timingShape,
  links: z
    .boolean()
    .optional()
    .meta({ allowed: 'true or false' })
    .describe(
      'Whether its messages have the links of the section links. By default those to people have them: slack, teams, email.',
    ),
  allowPrivate: z
    .array(z.string().min(1).max(253))
    .default([])
    .meta({ allowed: 'a list of hosts' })
    .describe('Hosts of receivers that may be at a private address. Others are refused when they are.'),
  ca: z
    .string()
    .min(1)
    .optional()
    .meta({ allowed: 'a path' })
    .describe(
      "PEM file with certificates to trust besides those of Node.js, as of a company's own authority.",
    ),
};
const commonSchema = z.strictObject(common);

/** What every channel has, with the keys of its kind not yet told apart: `kindOf(type).open` takes them. */
export type ChannelOptions = z.infer<typeof commonSchema> & { type: string } & Record<string, unknown>;

function schemaOf(kind: Pick<ChannelKind, 'type' | 'shape'>) {
  const { name, ...others } = common;
  return z.strictObject({
    name,
    type: z.literal(kind.type).describe('Kind of receiver.'),
    ...kind.shape,
    ...others,
  });
}

const [first, ...rest] = (CHANNEL_KINDS as readonly unknown[] as readonly ChannelKind[]).map(schemaOf);
if (first === undefined) throw new Error('there is no kind of channel');

/** One of the kinds, told apart by `type`. */
export const channelSchema = z.discriminatedUnion('type', [
  first,
  ...rest,
]) as unknown as z.ZodType<ChannelOptions>;
