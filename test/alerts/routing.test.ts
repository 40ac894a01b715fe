import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CHANNEL_EVENTS } from '../../src/alerts/channels/channel.ts';
import { isRouted, type Route, tagsOf } from '../../src/alerts/routing.ts';
import { SEVERITIES } from '../../src/model/severity.ts';
import { alertWith } from './support.ts';

function route(changes: Partial<Route> = {}): Route {
  return { name: 'soc', minSeverity: 'info', events: CHANNEL_EVENTS, ...changes };
}

describe('routing', () => {
  const alert = alertWith(); // A01 auth.brute_force_account, high, pg-prod-1
  const tags = ['prod', 'auth', 'credential-access'];
  const told = (changes: Partial<Route>, event: (typeof CHANNEL_EVENTS)[number] = 'opened') =>
    isRouted(route(changes), alert, tags, event);

  it('tells a channel of everything unless it chooses', () => {
    for (const event of CHANNEL_EVENTS) assert.ok(told({}, event));
  });

  it('goes by severity, the least that is sent included', () => {
    assert.deepEqual(
      SEVERITIES.filter((minSeverity) => told({ minSeverity })),
      ['info', 'low', 'medium', 'high'],
    );
  });

  it('goes by detector, id or name, and by server, with patterns', () => {
    for (const detectors of [['A01'], ['X01', 'A*'], ['auth.*'], ['auth.brute_force_account']]) {
      assert.ok(told({ detectors }), detectors.join());
    }
    for (const detectors of [['A0'], ['X*'], ['*.exfil'], ['a01']])
      assert.ok(!told({ detectors }), detectors.join());
    assert.ok(told({ servers: ['pg-prod-*'] }));
    assert.ok(!told({ servers: ['pg-prod'] }));
  });

  it('goes by tag: any of those that are wanted', () => {
    assert.ok(told({ tags: ['staging', 'prod'] }));
    assert.ok(!told({ tags: ['staging', 'Prod'] }));
  });

  it('wants all of the conditions', () => {
    assert.ok(told({ detectors: ['A*'], servers: ['pg-*'], tags: ['auth'], minSeverity: 'high' }));
    assert.ok(!told({ detectors: ['A*'], servers: ['x'], tags: ['auth'], minSeverity: 'high' }));
  });

  it('leaves out what of the life of an alert is not wanted', () => {
    const events: Route['events'] = ['opened', 'closed'];
    assert.deepEqual(
      CHANNEL_EVENTS.filter((event) => told({ events }, event)),
      events,
    );
  });
});

describe('tags', () => {
  it('are those of the server, the tactic and the group of the detector', () => {
    const serverTags = { prod: ['pg-prod-*'], eu: ['*-eu', 'pg-prod-1'], dev: ['dev-*'] };
    assert.deepEqual(tagsOf(alertWith(), serverTags), ['prod', 'eu', 'credential-access', 'auth']);
    assert.deepEqual(tagsOf(alertWith({ tactic: null, server: 'x' }), serverTags), ['auth']);
  });
});
