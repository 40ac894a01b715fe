import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CONFIG_REFERENCE, type Config, loadConfig, resolveSecret } from '../src/config.ts';
import { PgvigilError } from '../src/errors.ts';

let folder: string;
let files = 0;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pgvigil-config-'));
});

after(() => rm(folder, { recursive: true, force: true }));

interface Extras {
  env?: Record<string, string>;
  flags?: { data?: string; logLevel?: string };
}

async function load(yaml: string, extras: Extras = {}): Promise<Config> {
  const configPath = `c${files++}.yaml`;
  await writeFile(join(folder, configPath), yaml);
  return loadConfig({ configPath, cwd: folder, env: extras.env ?? {}, flags: extras.flags });
}

async function errorOf(yaml: string, extras: Extras = {}): Promise<PgvigilError> {
  const error = await load(yaml, extras).then(
    () => assert.fail(`accepted: ${yaml}`),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof PgvigilError, String(error));
  assert.equal(error.code, 'CONFIG_INVALID');
  return error;
}

test('without file, variables and flags everything has its default', async () => {
  const empty = join(folder, 'empty');
  await mkdir(empty);
  assert.deepEqual(await loadConfig({ cwd: empty, env: {} }), {
    data: join(empty, 'pgvigil-data'),
    logLinePrefix: '%t-%c-',
    blobStorage: {},
    logAnalytics: { endpoint: 'https://api.loganalytics.azure.com' },
    ingest: { maxRecords: 5000, maxDelayMs: 250, maxBufferedBytes: 67108864 },
    detection: {
      intervalMs: 2000,
      latenessMs: 2000,
      detectorFolders: [],
      modes: {},
      parameters: {},
      baselines: { learningDays: 14, memoryDays: 60 },
      maxAlertsPerHour: { server: 100, detector: 30 },
    },
    heartbeat: { serverMinutes: 30, partitionMinutes: 60, channelMinutes: 15 },
    networks: [],
    enrichment: { providers: [], threatLists: [] },
    channels: [],
    serverTags: {},
    query: { processes: 4, memoryMb: 1_024, timeoutSeconds: 60, maxRows: 1_000_000, maxMegabytes: 256 },
    control: { port: 0 },
    log: { level: 'info' },
  });
});

const WHOLE = `
data: ./here
logLinePrefix: '%m [%p] '
eventHub:
  connectionString: { env: HUB }
  name: logs
  startPosition: latest
ingest: { maxRecords: 10, maxDelayMs: 1, maxBufferedBytes: 1048576 }
detection:
  intervalMs: 100
  detectorFolders: [mine]
  modes: { A02: off }
  parameters: { A01: { min_failures: 20, window: 5 minutes, users: [a, b] } }
networks: [{ name: office, cidrs: [10.0.0.0/8, '2001:db8::1', 198.51.100.4-198.51.100.9] }]
enrichment:
  country: geo/country.mmdb
  asn: /geo/asn.mmdb
  providers: [geo/azure.json]
  threatLists: [{ name: tor, path: geo/tor.txt }]
channels:
  - { name: soc, type: webhook, url: 'https://soc.example/hook', secret: { file: soc.key }, minSeverity: high }
  - { name: chat, type: webhook, url: { env: CHAT_URL }, secret: { env: CHAT_SECRET } }
control: { port: 7070 }
log: { level: debug }
`;

test('a whole file is read; paths are relative to it', async () => {
  const sub = join(folder, 'etc');
  await mkdir(sub);
  await writeFile(join(sub, 'whole.yaml'), WHOLE);
  const config = await loadConfig({ configPath: 'etc/whole.yaml', cwd: folder, env: {} });
  assert.equal(config.data, join(sub, 'here'));
  assert.deepEqual(config.eventHub, {
    connectionString: { env: 'HUB' },
    name: 'logs',
    consumerGroup: '$Default',
    startPosition: 'latest',
  });
  assert.deepEqual(config.detection.detectorFolders, [join(sub, 'mine')]);
  assert.deepEqual(config.detection.parameters, {
    A01: { min_failures: 20, window: '5 minutes', users: ['a', 'b'] },
  });
  assert.deepEqual(config.networks, [
    { name: 'office', cidrs: ['10.0.0.0/8', '2001:db8::1', '198.51.100.4-198.51.100.9'], trusted: true },
  ]);
  assert.deepEqual(config.enrichment, {
    country: join(sub, 'geo/country.mmdb'),
    asn: '/geo/asn.mmdb',
    providers: [join(sub, 'geo/azure.json')],
    threatLists: [{ name: 'tor', path: join(sub, 'geo/tor.txt') }],
  });
  assert.deepEqual(config.channels, [
    {
      name: 'soc',
      type: 'webhook',
      url: 'https://soc.example/hook',
      secret: { file: join(sub, 'soc.key') },
      minSeverity: 'high',
      allowPrivate: [],
    },
    {
      name: 'chat',
      type: 'webhook',
      url: { env: 'CHAT_URL' },
      secret: { env: 'CHAT_SECRET' },
      minSeverity: 'low',
      allowPrivate: [],
    },
  ]);
});

test('./pgvigil.yaml is used where no file is named, and an empty file is fine', async () => {
  const place = join(folder, 'place');
  await mkdir(place);
  await writeFile(join(place, 'pgvigil.yaml'), 'control: { port: 9 }');
  assert.equal((await loadConfig({ cwd: place, env: {} })).control.port, 9);
  await writeFile(join(place, 'pgvigil.yaml'), '');
  assert.equal((await loadConfig({ cwd: place, env: {} })).control.port, 0);
});

test('flags go before variables, variables before the file; they are relative to the working folder', async () => {
  const yaml = 'data: /file\nlog: { level: error }';
  const env = { PGVIGIL_DATA: 'env', PGVIGIL_LOG_LEVEL: 'warn' };
  assert.equal((await load(yaml)).data, '/file');
  assert.equal((await load(yaml, { env })).data, join(folder, 'env'));
  assert.equal((await load(yaml, { env, flags: { data: 'flag' } })).data, join(folder, 'flag'));
  assert.equal((await load(yaml, { env })).log.level, 'warn');
  assert.equal((await load(yaml, { env, flags: { logLevel: 'debug' } })).log.level, 'debug');
  assert.equal((await load(yaml, { env: { PGVIGIL_DATA: '' } })).data, '/file');
});

test('the configuration is frozen through and through', async () => {
  const config = await load(WHOLE);
  const parts = [
    config,
    config.eventHub,
    config.channels,
    config.channels[0],
    config.detection.parameters.A01,
  ];
  for (const part of parts) assert.ok(Object.isFrozen(part));
  assert.throws(() => (config.channels as unknown[]).push(1), TypeError);
});

/** YAML, and the line that must come out (`FILE` stands for the name of the file). */
const WRONG: [yaml: string, message: RegExp, hint?: RegExp][] = [
  ['dta: x', /^FILE: dta is not a known key$/, /Did you mean data\?/],
  ['ingest: { maxRecrods: 5 }', /^FILE: ingest\.maxRecrods is not a known key$/, /Did you mean maxRecords\?/],
  ['control: { zzzzz: 1 }', /^FILE: control\.zzzzz is not a known key$/, /Known keys there: port\./],
  ['detection: { interval_ms: 5 }', /^FILE: detection\.interval_ms is not a known key$/, /intervalMs/],
  ['data: 5', /^FILE: data must be text$/],
  ["data: ''", /^FILE: data must be text$/],
  ['logLinePrefix: [5]', /^FILE: logLinePrefix must be text or a list of texts$/],
  ['logLinePrefix: []', /^FILE: logLinePrefix must be text or a list of texts$/],
  ['ingest: 5', /^FILE: ingest must be a section of keys$/],
  ['ingest:', /^FILE: ingest must be a section of keys$/],
  ['ingest: { maxRecords: many }', /^FILE: ingest\.maxRecords must be a whole number from 1 to 100000$/],
  ['ingest: { maxRecords: 0 }', /^FILE: ingest\.maxRecords must be a whole number from 1 to 100000$/],
  ['ingest: { maxRecords: 1.5 }', /^FILE: ingest\.maxRecords must be a whole number from 1 to 100000$/],
  ['ingest: { maxDelayMs: -1 }', /^FILE: ingest\.maxDelayMs must be a whole number from 1 to 60000$/],
  [
    'ingest: { maxBufferedBytes: 64MB }',
    /^FILE: ingest\.maxBufferedBytes must be a whole number from 1048576 to/,
  ],
  [
    'networks: [{ name: a, cidrs: [10.0.0.0/8, 10.0.0.0/33] }]',
    /^FILE: networks\[0\]\.cidrs\[1\] must be an address, a CIDR or a range FROM-TO$/,
  ],
  ['networks: [{ name: a, cidrs: [] }]', /^FILE: networks\[0\]\.cidrs must be a list/],
  ['networks: [{ cidrs: [10.0.0.1] }]', /^FILE: networks\[0\]\.name is missing: text$/],
  [
    'enrichment: { countries: x }',
    /^FILE: enrichment\.countries is not a known key$/,
    /Did you mean country\?/,
  ],
  ['enrichment: { country: 5 }', /^FILE: enrichment\.country must be a path$/],
  ['detection: { intervalMs: 1 }', /^FILE: detection\.intervalMs must be a whole number from 100 to/],
  ['detection: { latenessMs: soon }', /^FILE: detection\.latenessMs must be a whole number from 0 to/],
  ['detection: { modes: [A01] }', /^FILE: detection\.modes must be detector id: on, shadow or off$/],
  ['detection: { modes: { A01: never } }', /^FILE: detection\.modes\.A01 must be "?on/],
  ['detection: { detectorFolders: [a, 2] }', /^FILE: detection\.detectorFolders\[1\] must be text$/],
  [
    'detection: { parameters: [A01] }',
    /^FILE: detection\.parameters must be detector id: \{ parameter: value \}$/,
  ],
  ['detection: { parameters: { A01: 20 } }', /^FILE: detection\.parameters\.A01 must be a section of keys$/],
  [
    'detection: { parameters: { A01: { n: { x: 1 } } } }',
    /^FILE: detection\.parameters\.A01\.n must be a number, text or list of texts$/,
  ],
  ['eventHub: {}', /^FILE: eventHub needs either connectionString or fullyQualifiedNamespace$/],
  [
    'eventHub: { connectionString: { env: A }, fullyQualifiedNamespace: ns.example }',
    /^FILE: eventHub needs either connectionString or fullyQualifiedNamespace$/m,
  ],
  ['eventHub: { fullyQualifiedNamespace: ns.example }', /^FILE: eventHub\.name is missing: needed with/],
  [
    'eventHub: { fullyQualifiedNamespace: "sb://ns.example/", name: x }',
    /^FILE: eventHub\.fullyQualifiedNamespace must be a host name$/,
  ],
  [
    'eventHub: { connectionString: { env: A }, startPosition: middle }',
    /^FILE: eventHub\.startPosition must be one of earliest, latest$/,
  ],
  [
    'eventHub: { connectionString: { env: "A B" } }',
    /^FILE: eventHub\.connectionString\.env must be the name of an environment variable$/,
  ],
  [
    'eventHub: { connectionString: { vault: x } }',
    /^FILE: eventHub\.connectionString must be \{ env: NAME \} or/,
  ],
  [
    'eventHub: { connectionString: { env: A, file: b } }',
    /^FILE: eventHub\.connectionString must be \{ env: NAME/,
  ],
  ['channels: { name: x }', /^FILE: channels must be a list$/],
  ['channels: [x]', /^FILE: channels\[0\] must be a section of keys$/],
  [
    'channels: [{ name: a }]',
    /^FILE: channels\[0\]\.type is missing: one of webhook, cloudevents, ocsf, slack, teams, /m,
  ],
  [
    'channels: [{ name: a, type: webhook }]',
    /^FILE: channels\[0\]\.url is missing: URL, \{ env: NAME \} or \{ file: PATH \}$/m,
  ],
  [
    'channels: [{ name: a, type: webhook }]',
    /^FILE: channels\[0\]\.secret is missing: \{ env: NAME \} or \{ file: PATH \}$/m,
  ],
  [channel({ name: '"a b"' }), /^FILE: channels\[0\]\.name must be a name of up to 63 letters/],
  [channel({ type: 'fax' }), /^FILE: channels\[0\]\.type must be one of webhook, cloudevents, ocsf, slack, /],
  [
    channel({ minSeverity: 'severe' }),
    /^FILE: channels\[0\]\.minSeverity must be one of info, low, medium, high,/,
  ],
  [channel({ minseverity: 'low' }), /^FILE: channels\[0\]\.minseverity is not a known key$/, /minSeverity\?/],
  [channel({ url: 'nowhere' }), /^FILE: channels\[0\]\.url must be a URL that starts with https:\/\/$/],
  [
    channel({ url: 'ftp://x.example' }),
    /^FILE: channels\[0\]\.url must be a URL that starts with https:\/\/$/,
  ],
  [
    channel({ url: 'http://x.example' }),
    /^FILE: channels\[0\]\.url must be an https:\/\/ URL; http:\/\/ is for this/,
  ],
  [channel({ url: 'http://127.evil.example' }), /^FILE: channels\[0\]\.url must be an https:\/\/ URL/],
  [channel({ url: '7' }), /^FILE: channels\[0\]\.url must be a URL, or \{ env: NAME \} or \{ file: PATH \}$/],
  [
    'channels: [{name: a, type: webhook, url: "https://a.example", secret: {env: A}}, {name: a, type: webhook, url: "https://a.example", secret: {env: A}}]',
    /^FILE: channels\[1\]\.name is used by another channel$/,
  ],
  ['control: { port: 70000 }', /^FILE: control\.port must be a whole number from 0 to 65535$/],
  [
    'log: { level: loud }',
    /^FILE: log\.level must be one of trace, debug, info, warn, error, fatal, silent$/,
  ],
  ['just text', /^FILE: the file must be a section of keys$/],
  ['[1, 2]', /^FILE: the file must be a section of keys$/],
  ['data: [', /^FILE: line 1 is not valid YAML \(/],
  ['data: a\ndata: b', /^FILE: line 2 is not valid YAML \(DUPLICATE_KEY\)$/],
  ['"a\\u001b[2J": 1', /^FILE: a\\u001b\[2J is not a known key$/],
];

function channel(changes: Record<string, string>): string {
  const keys = { name: 'a', type: 'webhook', url: 'https://a.example', secret: '{ env: A }', ...changes };
  return `channels:\n  - ${Object.entries(keys)
    .map(([key, value]) => `${key}: ${value}`)
    .join('\n    ')}`;
}

test('every wrong key or value is named with its path and what is allowed', async (t) => {
  for (const [yaml, message, hint] of WRONG) {
    await t.test(yaml.slice(0, 100).replaceAll('\n', ' '), async () => {
      const error = await errorOf(yaml);
      assert.match(error.message.replace(/^c\d+\.yaml/gm, 'FILE'), message);
      if (hint) assert.match(error.hint, hint);
      assert.notEqual(error.hint, '');
    });
  }
});

test('a local receiver may be reached without TLS', async () => {
  for (const url of ['http://127.0.0.1:8080/x', 'http://localhost/x', 'http://[::1]:1/']) {
    assert.equal((await load(channel({ url: `'${url}'` }))).channels[0]!.url, url);
  }
});

test('several mistakes are told at once', async () => {
  const error = await errorOf('dta: x\ncontrol: { port: x }\nlog: { levl: info }');
  assert.equal(error.message.split('\n').length, 3);
});

test('a wrong value from a variable or a flag is blamed on it, not on the file', async () => {
  const fromEnv = await errorOf('log: { level: info }', { env: { PGVIGIL_LOG_LEVEL: 'loud' } });
  assert.match(fromEnv.message, /^PGVIGIL_LOG_LEVEL: log\.level must be one of/);
  const fromFlag = await errorOf('', { env: { PGVIGIL_LOG_LEVEL: 'info' }, flags: { logLevel: 'loud' } });
  assert.match(fromFlag.message, /^--log-level: log\.level must be one of/);
});

test('a named file that does not exist is an error', async () => {
  await assert.rejects(loadConfig({ configPath: 'nowhere.yaml', cwd: folder, env: {} }), {
    code: 'CONFIG_INVALID',
    message: /^nowhere\.yaml: cannot be read: ENOENT/,
  });
});

test('aliases that multiply are refused', async () => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let n = 1; n < 9; n++)
    lines.push(
      `a${n}: &a${n} [${Array(10)
        .fill(`*a${n - 1}`)
        .join(', ')}]`,
    );
  assert.match((await errorOf(lines.join('\n'))).message, /aliases/);
});

const SECRET = 'Endpoint=sb://x.example/;SharedAccessKeyName=n;SharedAccessKey=hunter2hunter2=';

test('a secret that was written into the file is refused and not repeated', async () => {
  const inline = [
    `eventHub: { connectionString: '${SECRET}' }`,
    `eventHub: { fullyQualifiedNamespace: '${SECRET}', name: x }`,
    `eventHub: { connectionString: { env: '${SECRET}' } }`,
    channel({ secret: 'hunter2hunter2' }),
    channel({ url: 'https://hunter2hunter2@a.example' }),
    channel({ url: 'https://user:hunter2hunter2@a.example' }),
    channel({ url: 'hunter2hunter2' }),
    channel({ minSeverity: 'hunter2hunter2' }),
    "data: 'hunter2hunter2",
    'data: { hunter2hunter2',
    'data: *hunter2hunter2',
  ];
  for (const yaml of inline) {
    const error = await errorOf(yaml);
    assert.doesNotMatch(
      `${error.message} ${error.hint} ${error.stack} ${JSON.stringify(error)}`,
      /hunter2/,
      yaml,
    );
  }
  assert.match((await errorOf(inline[0]!)).message, /eventHub\.connectionString must not be written into/);
  assert.match((await errorOf(inline[3]!)).message, /channels\[0\]\.secret must not be written into/);
  assert.match((await errorOf(inline[5]!)).message, /channels\[0\]\.url holds a user name or password/);
});

test('secrets are read when used; the configuration never holds them', async () => {
  const env = { HUB: `${SECRET}\n` };
  const config = await load(WHOLE, { env });
  assert.doesNotMatch(JSON.stringify(config), /hunter2/);
  assert.equal(await resolveSecret({ env: 'HUB' }, env, assert.fail), SECRET);
});

test('a secret file loses its line break; one that others can read is used with a warning', async () => {
  const file = join(folder, 'key');
  await writeFile(file, `${SECRET}\r\n`, { mode: 0o600 });
  assert.equal(await resolveSecret({ file }, {}, assert.fail), SECRET);
  const open = join(folder, 'open-key');
  await writeFile(open, SECRET, { mode: 0o644 });
  const warnings: string[] = [];
  assert.equal(await resolveSecret({ file: open }, {}, (message) => warnings.push(message)), SECRET);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /open-key can be read by other users/);
  assert.doesNotMatch(warnings[0]!, /hunter2/);
});

test('a secret that is missing or empty is named', async () => {
  const empty = join(folder, 'empty-key');
  await writeFile(empty, '\n', { mode: 0o600 });
  const cases = [
    [{ env: 'NOPE' }, /environment variable NOPE is not set/],
    [{ env: 'BLANK' }, /environment variable BLANK is not set/],
    [{ file: join(folder, 'no-key') }, /no-key cannot be read: ENOENT/],
    [{ file: folder }, /cannot be read: EISDIR/],
    [{ file: empty }, /empty-key is empty/],
  ] as const;
  for (const [ref, message] of cases) {
    await assert.rejects(
      resolveSecret(ref, { BLANK: ' ' }, () => undefined),
      { code: 'SECRET_INVALID', message },
    );
  }
});

test('the reference explains every key', () => {
  const keys = CONFIG_REFERENCE.map(({ key }) => key);
  assert.deepEqual(
    ['data', 'eventHub.connectionString', 'ingest.maxRecords', 'channels', 'channels[].secret'].filter(
      (key) => !keys.includes(key),
    ),
    [],
  );
  for (const { key, type, meaning } of CONFIG_REFERENCE) {
    assert.ok(type !== '' && meaning.endsWith('.'), key);
  }
  const port = CONFIG_REFERENCE.find(({ key }) => key === 'control.port');
  assert.deepEqual(port, {
    key: 'control.port',
    type: 'a whole number from 0 to 65535',
    default: '0',
    meaning: 'Port on 127.0.0.1 of the running worker; 0: any free.',
  });
});
