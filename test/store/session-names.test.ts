/** Whose session it was, when its lines disagree: the line that proves most counts, not the one that comes first. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryStore } from './support.ts';

/** Weightiest first; each line is a second earlier than the one before it. */
const LINES = [
  { event: 'authorized', user_name: 'signed_in', database_name: 'orders', client: '10.0.0.3' },
  { event: 'disconnected', user_name: 'left', database_name: 'left_db', client: '10.0.0.2' },
  { event: 'authenticated', user_name: 'x database=y', identity: 'proven', method: 'scram-sha-256' },
  { event: 'seen', user_name: 'prefix', database_name: 'prefix_db', client: '10.0.0.4' },
  { event: 'received', client: '10.0.0.1', client_port: 4711 },
];

test('names come from the line that proves most, in whatever order the lines stand', async (t) => {
  const store = await temporaryStore(t);
  const rows = LINES.map((line, rank) => ({ ...line, event_time: `2026-11-28 06:00:0${9 - rank}` }));
  for (const [reversed, session] of [
    [false, 'a.1'],
    [true, 'a.2'],
  ] as const) {
    for (let without = 0; without < rows.length; without++) {
      const some = rows.slice(without);
      const values = JSON.stringify(reversed ? some.toReversed() : some);
      await store.transaction((transaction) =>
        transaction.run(
          `INSERT INTO store.connection_events BY NAME
           SELECT *, 0 AS record_id, 'pg' AS server, $session AS session_id, false AS replication
           FROM (SELECT unnest(from_json($values, '[{"event":"VARCHAR","event_time":"TIMESTAMP","user_name":"VARCHAR","database_name":"VARCHAR","client":"VARCHAR","client_port":"INTEGER","identity":"VARCHAR","method":"VARCHAR"}]'), recursive := true))`,
          { session: `${session}${without}`, values },
        ),
      );
    }
  }
  const found = await store.rows(
    'SELECT session_id, user_name, database_name, client, client_port FROM sessions ORDER BY session_id',
  );
  const names = (user: string | null, database: string | null) => [user, database, '10.0.0.1', 4711];
  const expected = [
    names('signed_in', 'orders'),
    names('left', 'left_db'),
    names('proven', 'prefix_db'),
    names('prefix', 'prefix_db'),
    names(null, null),
  ];
  assert.deepEqual(
    found.map(({ user_name, database_name, client, client_port }) => [
      user_name,
      database_name,
      client,
      client_port,
    ]),
    [...expected, ...expected],
  );
});

test('without the line of the connection, the client of the last line counts before that of others', async (t) => {
  const store = await temporaryStore(t);
  await store.transaction((transaction) =>
    transaction.run(
      `INSERT INTO store.connection_events BY NAME
       SELECT event, event_time::TIMESTAMP AS event_time, client, 0 AS record_id, 'pg' AS server, 'a.1' AS session_id,
         false AS replication
       FROM (VALUES ('seen', '2026-11-28 06:00:00', '10.0.0.4'), ('disconnected', '2026-11-28 06:00:05', '10.0.0.2'))
         lines(event, event_time, client)`,
    ),
  );
  assert.equal((await store.rows('SELECT client FROM sessions'))[0]?.client, '10.0.0.2');
});
