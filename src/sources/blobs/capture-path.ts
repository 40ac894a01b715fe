/** Names of the files that Event Hubs Capture writes. */

/** What the name of a capture file says. */
export interface CapturePlace {
  namespace: string;
  hub: string;
  partition: string;
  /** When the window of the file began, milliseconds since 1970. */
  at: number;
}

const TIMES = ['(?<y>(?:19|20)\\d\\d)', ...['mo', 'd', 'h', 'mi', 's'].map((name) => `(?<${name}>\\d\\d)`)];
const HUB = '(?<namespace>[A-Za-z][A-Za-z0-9-]*)/(?<hub>[A-Za-z0-9][\\w.-]*)/(?<partition>\\d+)';

/** Namespace, hub and partition may stand before, after or between the parts of the time. */
const FORMATS = [0, 1, 2, 3, 4, 5, 6].map((at) => {
  const parts = [...TIMES.slice(0, at), HUB, ...TIMES.slice(at)];
  return new RegExp(`(?:^|/)${parts.join('[/_-]')}\\.avro$`);
});

/**
 * Reads the name of a capture file: `{Namespace}/{EventHub}/{PartitionId}/{Year}/{Month}/{Day}/{Hour}/{Minute}/{Second}.avro`,
 * or another of the formats that the portal offers (Capture file name formats). Null for any other name.
 */
export function capturePlaceOf(name: string): CapturePlace | null {
  for (const format of FORMATS) {
    const found = format.exec(name)?.groups;
    if (found === undefined) continue;
    const { namespace = '', hub = '', partition = '', y, mo, d, h, mi, s } = found;
    const at = Date.UTC(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s));
    return { namespace, hub, partition, at };
  }
  return null;
}
