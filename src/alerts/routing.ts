/** Which channels are told of a message: by severity, detector, server, tag and kind of message. Pure. */
import { z } from 'zod';
import type { Alert } from '../model/alert.ts';
import { SEVERITIES, type Severity } from '../model/severity.ts';
import { globMatcher } from './allow-list/glob.ts';
import { CHANNEL_EVENTS, type ChannelEvent } from './channels/channel.ts';
import type { Timing } from './timing.ts';

const pattern = z.string().min(1).max(300);

/** Keys that every channel has. A list that is left out matches everything. */
export const routingShape = {
  minSeverity: z.enum(SEVERITIES).default('low').describe('Alerts below this severity are not sent.'),
  detectors: z
    .array(pattern)
    .min(1)
    .optional()
    .meta({ allowed: 'a list of ids or names; * stands for any characters' })
    .describe('Only alerts of these detectors, by id or name, such as exfil.*.'),
  servers: z
    .array(pattern)
    .min(1)
    .optional()
    .meta({ allowed: 'a list of names; * stands for any characters' })
    .describe('Only alerts of these servers, such as pg-prod-*.'),
  tags: z
    .array(pattern)
    .min(1)
    .optional()
    .meta({ allowed: 'a list of tags' })
    .describe(
      'Only alerts with one of these tags: those of the server (serverTags), tactic and group of the detector.',
    ),
  events: z
    .array(z.enum(CHANNEL_EVENTS))
    .min(1)
    .optional()
    .meta({ allowed: `a list of ${CHANNEL_EVENTS.join(', ')}` })
    .describe('What of the life of an alert is sent; the default depends on the type.'),
} as const;

/** A channel as far as routing goes. */
export interface Route extends Timing {
  name: string;
  minSeverity: Severity;
  detectors?: readonly string[] | undefined;
  servers?: readonly string[] | undefined;
  tags?: readonly string[] | undefined;
  events: readonly ChannelEvent[];
}

/** An alert as far as routing goes. */
export type RoutedAlert = Pick<Alert, 'severity' | 'detector' | 'detectorName' | 'server'>;

/** Whether a channel is told of this. */
export function isRouted(
  route: Route,
  alert: RoutedAlert,
  tags: readonly string[],
  event: ChannelEvent,
): boolean {
  const { detectors, servers, tags: wanted } = route;
  return (
    route.events.includes(event) &&
    SEVERITIES.indexOf(alert.severity) >= SEVERITIES.indexOf(route.minSeverity) &&
    (detectors === undefined || matches(detectors, alert.detector, alert.detectorName)) &&
    (servers === undefined || matches(servers, alert.server)) &&
    (wanted === undefined || wanted.some((tag) => tags.includes(tag)))
  );
}

/** Tags of an alert: those that the configuration gives its server, the tactic, and the group of its detector. */
export function tagsOf(
  alert: Pick<Alert, 'server' | 'tactic' | 'detectorName'>,
  serverTags: Readonly<Record<string, readonly string[]>>,
): string[] {
  const ofServer = Object.entries(serverTags).flatMap(([tag, servers]) =>
    matches(servers, alert.server) ? [tag] : [],
  );
  const group = alert.detectorName.split('.')[0];
  return [...new Set([...ofServer, alert.tactic, group])].filter((tag) => tag !== null && tag !== undefined);
}

function matches(patterns: readonly string[], ...texts: readonly string[]): boolean {
  return patterns.some((one) => texts.some(globMatcher(one)));
}
