import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HeartbeatFacts, HeartbeatLimits } from '../../../src/alerts/heartbeat/facts.ts';
import { HubProgress } from '../../../src/alerts/heartbeat/hub-progress.ts';
import { isHubSilent, livesOf } from '../../../src/alerts/heartbeat/lives.ts';
import { spanText } from '../../../src/alerts/heartbeat/span.ts';
import { NOW } from '../support.ts';

const MINUTE = 60_000;
const LIMITS: HeartbeatLimits = { server: 30 * MINUTE, partition: 60 * MINUTE, channel: 15 * MINUTE };
/** Minutes before now. */
const ago = (minutes: number) => NOW - minutes * MINUTE;

interface Changes {
  startedAt?: number;
  hubSince?: number;
  hub?: Partial<HeartbeatFacts['hub']>;
  servers?: [string, number][];
  partition?: Partial<HeartbeatFacts['hub']['partitions'][number]>;
  channel?: Partial<HeartbeatFacts['channels'][number]>;
}

/** Everything is well, but for what is changed. */
function factsWith({ hub, servers, partition, channel, ...rest }: Changes): HeartbeatFacts {
  return {
    now: NOW,
    startedAt: ago(600),
    hubSince: ago(600),
    servers: new Map(servers ?? [['pg-1', ago(1)]]),
    hub: {
      name: 'hub',
      lastMessage: ago(0),
      partitions: [{ partition: '3', lastMessage: ago(1), waiting: 0, elsewhere: 2, ...partition }],
      ...hub,
    },
    channels: [
      {
        channel: 'soc',
        waiting: 0,
        waitingSince: null,
        lastDelivered: ago(500),
        disabled: null,
        ...channel,
      },
    ],
    ...rest,
  };
}

/** Severity and sentence of each silence, by entity. */
function silences(changes: Changes, limits = LIMITS): Record<string, string> {
  return Object.fromEntries(
    livesOf(factsWith(changes), limits).flatMap(({ entity, silence }) =>
      silence === null ? [] : [[entity, `${silence.severity}: ${silence.summary}`]],
    ),
  );
}

const waiting = { waiting: 12_345, waitingSince: ago(15) };

const CASES: [what: string, changes: Changes, silent: Record<string, RegExp>][] = [
  ['nothing is silent', {}, {}],
  ['a server, a moment before', { servers: [['pg-1', ago(30) + 1]] }, {}],
  [
    'a server',
    { servers: [['pg-1', ago(30)]] },
    {
      'server pg-1':
        /^high: no log line of pg-1 that can be read has come for 30 min; the last came at 2026-03-01 11:30:00 UTC$/,
    },
  ],
  ['a server after a start', { servers: [['pg-1', ago(900)]], hubSince: ago(29) }, {}],
  [
    'a server, half an hour after a start',
    { servers: [['pg-1', ago(900)]], hubSince: ago(30) },
    { 'server pg-1': /for 30 min; the last came at 2026-02-28 21:00/ },
  ],
  [
    'a server that fell silent shortly before the hub',
    { servers: [['pg-1', ago(40)]], hub: { lastMessage: ago(29) } },
    {},
  ],
  [
    'a hub, in place of its servers and partitions',
    {
      servers: [['pg-1', ago(300)]],
      hub: { lastMessage: ago(30) },
      partition: { lastMessage: ago(300), waiting: 2 },
    },
    {
      'source hub':
        /^high: the hub hub has brought no message for 30 min; the last came at .* UTC, and 2 messages wait$/,
    },
  ],
  ['a hub after a start', { hub: { lastMessage: ago(900) }, startedAt: ago(29) }, {}],
  ['a hub that never brought a message', { hub: { lastMessage: null, partitions: [] }, servers: [] }, {}],
  ['a partition by chance', { partition: { lastMessage: ago(100), elsewhere: 19 } }, {}],
  [
    'a partition while the others go on',
    { partition: { lastMessage: ago(60), elsewhere: 20 } },
    {
      'partition 3 of hub':
        /^medium: partition 3 of hub has brought no message for 1 h; .* while the other partitions went on$/,
    },
  ],
  ['a partition after a start', { partition: { lastMessage: ago(900), waiting: 5 }, startedAt: ago(59) }, {}],
  [
    'a partition in which messages wait',
    { partition: { lastMessage: ago(75), waiting: 12_345, elsewhere: 0 } },
    { 'partition 3 of hub': /for 1 h 15 min; .* UTC, and 12,345 messages wait$/ },
  ],
  [
    'a partition that never brought a message',
    { partition: { lastMessage: null, waiting: 1 } },
    {
      'partition 3 of hub':
        /^medium: partition 3 of hub has brought no message for 10 h, and 1 message waits$/,
    },
  ],
  ['an empty partition', { partition: { lastMessage: null, elsewhere: 0 } }, {}],
  [
    'a channel',
    { channel: waiting },
    {
      'channel soc':
        /^medium: channel soc has taken no message for 15 min, and 12,345 messages wait; it took the last one at/,
    },
  ],
  ['a channel that takes others', { channel: { ...waiting, lastDelivered: ago(1) } }, {}],
  ['a channel after a start', { channel: { ...waiting, waitingSince: ago(900) }, startedAt: ago(14) }, {}],
  [
    'a channel for an hour',
    { channel: { ...waiting, waitingSince: ago(61), lastDelivered: null } },
    { 'channel soc': /^high: .* for 1 h 1 min, .*; it never took one$/ },
  ],
  [
    'a channel that is disabled',
    { channel: { disabled: { at: ago(0), reason: 'answered 410' } }, startedAt: NOW },
    {
      'channel soc':
        /^high: channel soc is disabled since 2026-03-01 12:00:00 UTC, as its receiver wants no more \(answered 410\)$/,
    },
  ],
];

describe('what counts as silent', () => {
  for (const [what, changes, silent] of CASES) {
    it(what, () => {
      const found = silences(changes);
      assert.deepEqual(Object.keys(found), Object.keys(silent));
      for (const [entity, sentence] of Object.entries(silent)) assert.match(found[entity]!, sentence);
    });
  }

  it('nothing of what is switched off', () => {
    const all: Changes = {
      servers: [['pg-1', ago(300)]],
      partition: { lastMessage: ago(300), waiting: 1 },
      channel: { ...waiting, disabled: { at: ago(1), reason: '' } },
    };
    const entities = { server: 'server pg-1', partition: 'partition 3 of hub', channel: 'channel soc' };
    assert.deepEqual(Object.keys(silences(all)), Object.values(entities));
    for (const [limit, entity] of Object.entries(entities)) {
      const off = { ...LIMITS, [limit]: 0 };
      assert.ok(!livesOf(factsWith(all), off).some((life) => life.entity === entity));
    }
    assert.equal(isHubSilent(factsWith({ hub: { lastMessage: ago(900) } }), { ...LIMITS, server: 0 }), false);
  });
});

describe('how far the hub went without a partition', () => {
  it('counts messages of the others, on average, since it last moved', () => {
    const progress = new HubProgress();
    const note = (...numbers: number[]) =>
      Object.fromEntries(progress.note(new Map(numbers.map((number, index) => [String(index), number]))));
    assert.deepEqual(note(1_000, 5_000, 7), { 0: 0, 1: 0, 2: 0 }, 'the first look counts nothing');
    assert.deepEqual(note(1_010, 5_020, 7), { 0: 0, 1: 0, 2: 15 });
    assert.deepEqual(note(1_010, 5_020, 7), { 0: 0, 1: 0, 2: 15 });
    assert.deepEqual(note(1_010, 5_030, 8), { 0: 5.5, 1: 0, 2: 0 });
    // A partition that brings its first message is at whatever number the hub is.
    assert.deepEqual(note(1_010, 5_030, 8, 90_000), { 0: 11 / 3, 1: 0, 2: 0, 3: 0 });
    assert.deepEqual(new HubProgress().note(new Map([['0', 5]])), new Map([['0', 0]]));
  });
});

it('spans are told in their two largest units', () => {
  const spans = [400, 45_000, 60_000, 7_800_000, 3_600_000, 3_605_000, 90_000_000, 86_400_000 * 7];
  assert.deepEqual(spans.map(spanText), [
    '0 s',
    '45 s',
    '1 min',
    '2 h 10 min',
    '1 h',
    '1 h',
    '1 d 1 h',
    '7 d',
  ]);
});
