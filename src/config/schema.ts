/** Every key of the configuration, with what it may hold, its default and its meaning. */
import { z } from 'zod';
import { DEFAULT_CAPS } from '../alerts/caps.ts';
import { MODES } from '../detect/front-matter.ts';
import { parseBlocks } from '../enrichment/address.ts';
import { channelSchema } from './channels.ts';
import { apiSchema, querySchema, wireSchema } from './doors.ts';
import { linksSchema, refuseSharedKey } from './links.ts';
import { secretRef } from './references.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

const MIB = 1024 * 1024;

const eventHub = z
  .strictObject({
    connectionString: secretRef
      .optional()
      .describe('Connection string with Listen rights. Either this or fullyQualifiedNamespace.'),
    fullyQualifiedNamespace: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/)
      .optional()
      .meta({ allowed: 'a host name' })
      .describe('Host of the namespace, for a managed identity or another DefaultAzureCredential.'),
    name: z
      .string()
      .min(1)
      .optional()
      .describe('Name of the hub. May be left out where the connection string has an EntityPath.'),
    consumerGroup: z.string().min(1).default('$Default').describe('Consumer group, for pgvigil alone.'),
    startPosition: z
      .enum(['earliest', 'latest'])
      .default('earliest')
      .describe('Where a partition is first read from; later on the stored position counts.'),
  })
  .superRefine((hub, context) => {
    if ((hub.connectionString === undefined) === (hub.fullyQualifiedNamespace === undefined)) {
      const message = 'needs either connectionString or fullyQualifiedNamespace';
      context.addIssue({ code: 'custom', message });
    }
    if (hub.fullyQualifiedNamespace !== undefined && hub.name === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['name'],
        message: 'is missing: needed with fullyQualifiedNamespace',
      });
    }
  });

const blobStorage = z.strictObject({
  connectionString: secretRef
    .optional()
    .describe(
      'Connection string, with a key or a signature (SAS) that may read and list. Without it: DefaultAzureCredential.',
    ),
});

const logAnalytics = z.strictObject({
  endpoint: z
    .url({ protocol: /^https$/ })
    .default('https://api.loganalytics.azure.com')
    .meta({ allowed: 'a URL that starts with https://' })
    .describe('Address of the query service; other clouds than the public one have their own.'),
});

const ingest = z.strictObject({
  maxRecords: z.int().min(1).max(100_000).default(5_000).describe('Records in one transaction at most.'),
  maxDelayMs: z
    .int()
    .min(1)
    .max(60_000)
    .default(250)
    .describe('Longest that a record waits for its transaction.'),
  maxBufferedBytes: z
    .int()
    .min(MIB)
    .max(8_192 * MIB)
    .default(64 * MIB)
    .describe('Bytes of messages in memory; above, the source is slowed down.'),
});

const parameterValue = z
  .union([z.number(), z.string(), z.array(z.string())])
  .meta({ allowed: 'a number, text or list of texts' });

const detection = z.strictObject({
  intervalMs: z
    .int()
    .min(100)
    .max(3_600_000)
    .default(2_000)
    .describe('Time between two runs of the detectors.'),
  latenessMs: z
    .int()
    .min(0)
    .max(86_400_000)
    .default(2_000)
    .describe('How late a record may arrive and still be judged in order.'),
  detectorFolders: z
    .array(z.string().min(1))
    .default([])
    .describe('Folders with detectors of your own, besides those of pgvigil.'),
  modes: z
    .record(z.string().min(1), z.enum(MODES))
    .default({})
    .meta({ allowed: 'detector id: on, shadow or off' })
    .describe('How detectors run: shadow keeps what one finds and sends it to nobody.'),
  parameters: z
    .record(z.string().min(1), z.record(z.string().min(1), parameterValue))
    .default({})
    .meta({ allowed: 'detector id: { parameter: value }' })
    .describe('Values in place of the defaults of a detector.'),
  baselines: z
    .strictObject({
      learningDays: z
        .int()
        .min(1)
        .max(365)
        .default(14)
        .describe('Days of a server before a detector says that something is new or unusual there.'),
      memoryDays: z
        .int()
        .min(1)
        .max(365)
        .default(60)
        .describe('Days after which what was seen is forgotten.'),
    })
    .prefault({})
    .describe('What is ordinary on each server, learned from its own logs.'),
  maxAlertsPerHour: z
    .strictObject({
      server: z
        .int()
        .min(1)
        .max(100_000)
        .default(DEFAULT_CAPS.server)
        .describe(
          'Alerts below high that are opened on one server in an hour. Critical ones are never held.',
        ),
      detector: z
        .int()
        .min(1)
        .max(100_000)
        .default(DEFAULT_CAPS.detector)
        .describe('Of these, by one detector; and as many that are high.'),
    })
    .prefault({})
    .describe('Alerts beyond it are held: kept and sent to nobody, and one alert (G01) says so.'),
});

const silentAfter = (minutes: number) => z.int().min(0).max(10_000).default(minutes);

const heartbeat = z.strictObject({
  serverMinutes: silentAfter(30).describe(
    'Minutes without a log line of a server, or without any message of the hub. 0: not watched.',
  ),
  partitionMinutes: silentAfter(60).describe(
    'Minutes without a message of a partition in which messages wait, or while the others go on. 0: not watched.',
  ),
  channelMinutes: silentAfter(15).describe(
    'Minutes in which a channel takes none of the messages that wait for it. 0: not watched.',
  ),
});

const cidr = z
  .string()
  .refine((text) => parseBlocks(text) !== null, 'must be an address, a CIDR or a range FROM-TO')
  .meta({ allowed: 'an address, a CIDR or a range FROM-TO' });

const network = z.strictObject({
  name: z.string().min(1).max(100).describe('Name of the network, as alerts and `labels` show it.'),
  cidrs: z.array(cidr).min(1).describe('Its addresses: CIDR, single address or range (firewall rule).'),
  trusted: z
    .boolean()
    .default(true)
    .describe('Sign-ins from there are expected. Of networks inside each other the smallest counts.'),
});

const threatList = z.strictObject({
  name: z.string().min(1).max(100).describe('Name of the list, as alerts show it.'),
  path: z
    .string()
    .min(1)
    .describe('Text file with an address, CIDR or range a line; # and ; begin comments.'),
});

const enrichment = z.strictObject({
  country: z
    .string()
    .min(1)
    .optional()
    .meta({ allowed: 'a path' })
    .describe('MMDB file with countries, better with cities (GeoLite2, DB-IP, ip-location-db).'),
  asn: z.string().min(1).optional().meta({ allowed: 'a path' }).describe('MMDB file with AS numbers.'),
  providers: z
    .array(z.string().min(1))
    .default([])
    .describe(
      "Ranges of cloud providers: Azure's ServiceTags_Public JSON, AWS's ip-ranges.json, Google's cloud.json.",
    ),
  threatLists: z.array(threatList).default([]).describe('Lists of addresses to be warned of.'),
});

const sections = z.strictObject({
  data: z.string().min(1).default('./pgvigil-data').describe('Data folder. Also PGVIGIL_DATA and --data.'),
  logLinePrefix: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)], {
      error: 'must be text or a list of texts',
    })
    .default('%t-%c-')
    .meta({ allowed: 'text or a list of texts' })
    .describe(
      'log_line_prefix of the servers, or several. Others are found from the lines, which are rejected until then.',
    ),
  eventHub: eventHub
    .optional()
    .meta({ allowed: 'a section of keys' })
    .describe('The hub to read. Not needed by commands that only look at stored data.'),
  blobStorage: blobStorage.prefault({}).describe('Archives that `pgvigil backfill https://…` reads.'),
  logAnalytics: logAnalytics
    .prefault({})
    .describe('Workspaces that `pgvigil backfill log-analytics:…` reads.'),
  ingest: ingest.prefault({}).describe('How records are gathered and stored.'),
  detection: detection.prefault({}).describe('How detectors run.'),
  heartbeat: heartbeat
    .prefault({})
    .describe('When something counts as silent: one alert (G02) says so, and that it is back.'),
  networks: z.array(network).default([]).describe('Networks that you know: offices, VNets, firewall rules.'),
  enrichment: enrichment
    .prefault({})
    .describe(
      'Files that client addresses are looked up in. They are read again when they change; nothing is fetched.',
    ),
  channels: z
    .array(channelSchema)
    .default([])
    .superRefine((channels, context) => {
      channels.forEach((one, index) => {
        if (channels.findIndex((other) => other.name === one.name) < index) {
          context.addIssue({ code: 'custom', path: [index, 'name'], message: 'is used by another channel' });
        }
      });
    })
    .describe('Where alerts are sent.'),
  serverTags: z
    .record(z.string().min(1).max(60), z.array(z.string().min(1).max(300)).min(1))
    .default({})
    .meta({ allowed: 'tag: [server, …]; * stands for any characters' })
    .describe('Tags of servers, by which channels choose: { prod: [pg-prod-*] }.'),
  links: linksSchema
    .optional()
    .meta({ allowed: 'a section of keys' })
    .describe('Links in messages with which people acknowledge and close alerts.'),
  query: querySchema
    .prefault({})
    .describe('What a query may take that somebody asks the running worker, at whichever door.'),
  api: apiSchema
    .optional()
    .meta({ allowed: 'a section of keys' })
    .describe('HTTP API for programs. Without the section nothing listens.'),
  wire: wireSchema
    .optional()
    .meta({ allowed: 'a section of keys' })
    .describe(
      'Endpoint for psql, drivers and dashboards of PostgreSQL. Without the section nothing listens.',
    ),
  control: z
    .strictObject({
      port: z
        .int()
        .min(0)
        .max(65_535)
        .default(0)
        .describe('Port on 127.0.0.1 of the running worker; 0: any free.'),
    })
    .prefault({})
    .describe('How commands reach the running worker.'),
  log: z
    .strictObject({
      level: z
        .enum(LOG_LEVELS)
        .default('info')
        .describe('Least level that is logged. Also PGVIGIL_LOG_LEVEL.'),
    })
    .prefault({})
    .describe('The log on standard error.'),
});

/** The whole configuration. Paths are relative to the folder of the file. */
export const configSchema = sections.superRefine(refuseSharedKey);

export type ConfigValues = z.infer<typeof configSchema>;
