import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FileStatus } from '../../src/enrichment/enrichment-files.ts';
import { PgvigilError } from '../../src/errors.ts';
import { type Observation, SIGNALS, type Signal } from '../../src/readiness/observation.ts';
import { judgeDetector, type Readiness, type Surroundings } from '../../src/readiness/readiness.ts';

const NOW = Date.UTC(2026, 10, 2, 10);
const HOUR = 3_600_000;

const AROUND: Surroundings = { files: [], hasTrusted: false, daysLeft: null, now: NOW };

interface Server extends Partial<Omit<Observation, 'seen' | 'settings'>> {
  seen?: Partial<Record<Signal, number>>;
  settings?: Record<string, string | null>;
}

/** A server of which nothing is known but what is given; settings changed an hour ago. */
function server({ seen = {}, settings = {}, ...rest }: Server = {}): Observation {
  return {
    server: 'contoso-pg',
    newest: NOW,
    lines: 100,
    sessions: 0,
    authorized: 0,
    clients: { remote: 0, socket: 0, proxy: 0, named: 0 },
    statements: { withLiterals: 0, withParameters: 0 },
    ...rest,
    seen: Object.fromEntries(SIGNALS.map((name) => [name, seen[name] ?? null])) as Observation['seen'],
    settings: new Map(
      Object.entries(settings).map(([name, value]) => [name, { value, changed: NOW - HOUR }]),
    ),
  };
}

function judge(
  requires: string | string[],
  observed: Server,
  around: Partial<Surroundings> = {},
  deniedAttempts = false,
): Readiness {
  const detector = { id: 'Z01', name: 'test.test', requires: [requires].flat(), deniedAttempts };
  return judgeDetector(detector, 'on', server(observed), { ...AROUND, ...around });
}

const AUDITED = { audit: NOW };
const set = (name: string, value: string) =>
  `az postgres flexible-server parameter set -g <group> -s contoso-pg --name ${name} --value ${value}`;

describe('audited classes', () => {
  test('a class that was seen arms, one that was not is unproven and comes with a statement to try', () => {
    assert.equal(judge('pgaudit.log with ddl', { seen: { ...AUDITED, ddl: NOW } }).state, 'armed');
    const unknown = judge('pgaudit.log with ddl', { sessions: 1000, seen: { ...AUDITED, read: NOW } });
    assert.equal(unknown.state, 'unproven');
    assert.deepEqual(unknown.actions, ['run once, then look again: CREATE TEMP TABLE pgvigil_probe (n int)']);
  });

  test('sessions without any AUDIT line are blind, with the whole value to set', () => {
    const { state, reason, actions } = judge('pgaudit.log with role', { sessions: 5 });
    assert.equal(state, 'blind');
    assert.match(reason, /5 sessions, and not one AUDIT line/);
    assert.deepEqual(actions, [set('pgaudit.log', 'read,write,function,role,ddl,misc')]);
    assert.equal(judge('pgaudit.log with role', { sessions: 4 }).state, 'unproven');
  });

  test('many sessions without one SELECT are blind for reads alone', () => {
    const observed = { sessions: 20, seen: { ...AUDITED, role: NOW } };
    assert.equal(judge('pgaudit.log with read', observed).state, 'blind');
    assert.equal(judge('pgaudit.log with write', observed).state, 'unproven');
  });

  test("the server's own word counts, and the command keeps what is logged", () => {
    const settings = { 'pgaudit.log': 'ddl, ROLE' };
    assert.equal(judge('pgaudit.log with role', { settings }).state, 'armed');
    const { state, reason, actions } = judge('pgaudit.log with read', {
      settings,
      seen: { ...AUDITED, read: NOW - 2 * HOUR },
    });
    assert.equal(state, 'blind');
    assert.equal(reason, 'pgaudit.log is ddl, ROLE since 2026-11-02 09:00 UTC');
    assert.deepEqual(actions, [set('pgaudit.log', 'read,role,ddl')]);
    assert.equal(judge('pgaudit.log with ddl', { settings: { 'pgaudit.log': 'all,-ddl' } }).state, 'blind');
    assert.equal(judge('pgaudit.log with read', { settings: { 'pgaudit.log': 'all,-ddl' } }).state, 'armed');
    assert.equal(judge('pgaudit.log with read', { settings: { 'pgaudit.log': null } }).state, 'blind');
  });

  test('what came after the change counts more than the change', () => {
    const settings = { 'pgaudit.log': 'none' };
    assert.equal(
      judge('pgaudit.log with read', { settings, seen: { ...AUDITED, read: NOW } }).state,
      'armed',
    );
  });
});

describe('parameters that are on or off', () => {
  test('connection lines: seen, unproven, and missing where sessions send other lines', () => {
    const need = 'log_connections = on';
    assert.equal(judge(need, { seen: { connection: NOW } }).state, 'armed');
    assert.equal(judge(need, { sessions: 4 }).state, 'unproven');
    assert.deepEqual(judge(need, { sessions: 5 }).actions, [set('log_connections', 'on')]);
    assert.equal(
      judge(need, { settings: { log_connections: 'off' }, seen: { connection: NOW - 2 * HOUR } }).state,
      'blind',
    );
    assert.equal(
      judge(need, { settings: { log_connections: 'off' }, seen: { connection: NOW } }).state,
      'armed',
    );
    assert.equal(judge(need, { settings: { log_connections: null } }).state, 'unproven');
  });

  test('row counts and relations: the newest line tells', () => {
    for (const [parameter, signal, counter] of [
      ['pgaudit.log_rows', 'rows', 'no_rows'],
      ['pgaudit.log_relation', 'relation', 'no_relation'],
    ] as const) {
      const need = `${parameter} = on`;
      assert.equal(judge(need, { seen: { ...AUDITED, [signal]: NOW, [counter]: NOW - 1 } }).state, 'armed');
      assert.equal(judge(need, { seen: { ...AUDITED, [signal]: NOW - 1, [counter]: NOW } }).state, 'blind');
      assert.deepEqual(judge(need, { seen: { [counter]: NOW } }).actions, [set(parameter, 'on')]);
      assert.equal(judge(need, {}).state, 'unproven');
      assert.equal(judge(need, { settings: { [parameter]: 'on' } }).state, 'armed');
      assert.equal(judge(need, { settings: { [parameter]: null } }).state, 'blind', 'reset: off by default');
    }
  });

  test('catalogs: on by default, so only its own word or a statement over catalogs alone tells', () => {
    const need = 'pgaudit.log_catalog = on';
    assert.equal(judge(need, { seen: { catalog: NOW } }).state, 'armed');
    assert.match(judge(need, { sessions: 1000, seen: AUDITED }).actions[0] ?? '', /pg_catalog\.pg_class/);
    assert.equal(judge(need, { settings: { 'pgaudit.log_catalog': 'off' } }).state, 'blind');
    assert.equal(
      judge(need, { settings: { 'pgaudit.log_catalog': 'off' }, seen: { catalog: NOW } }).state,
      'armed',
    );
  });

  test('disconnections and replication commands', () => {
    assert.equal(judge('log_disconnections = on', { authorized: 20 }).state, 'blind');
    assert.equal(judge('log_disconnections = on', { authorized: 19 }).state, 'unproven');
    assert.equal(judge('log_replication_commands = on', { seen: { replication: NOW } }).state, 'armed');
    assert.match(
      judge('log_replication_commands = on', {}).actions[0] ?? '',
      /parameter show .* log_replication_commands$/,
    );
  });
});

describe('errors, addresses, literals', () => {
  test('errors without their statement are seen in part', () => {
    const need = 'log_min_error_statement = error';
    assert.equal(judge(need, { seen: { error: NOW, error_text: NOW } }).state, 'armed');
    assert.equal(judge(need, { seen: { error: NOW } }).state, 'partly');
    assert.deepEqual(judge(need, {}).actions, ['run once, then look again: SELECT 1/0']);
    assert.equal(judge(need, { settings: { log_min_error_statement: 'panic' } }).state, 'blind');
    assert.equal(judge('log_min_messages = error', { seen: { error: NOW } }).state, 'armed');
    assert.equal(
      judge('log_min_messages = error', { settings: { log_min_messages: 'FATAL' } }).state,
      'blind',
    );
  });

  test('clients behind the built-in PgBouncer are seen once its log is exported', () => {
    const clients = { remote: 0, socket: 9, proxy: 0, named: 0 };
    const hidden = judge('client addresses', { clients });
    assert.equal(hidden.state, 'blind');
    assert.match(hidden.actions[0] ?? '', /^az monitor diagnostic-settings create .*PostgreSQLFlexPGBouncer/);
    assert.equal(judge('client addresses', { clients: { ...clients, remote: 9 } }).state, 'partly');
    assert.equal(
      judge('client addresses', { clients: { ...clients, remote: 9 }, seen: { pooler: NOW } }).state,
      'armed',
    );
    assert.equal(
      judge('client addresses', { clients: { remote: 0, socket: 0, proxy: 3, named: 0 } }).state,
      'blind',
    );
    assert.deepEqual(
      judge('client addresses', { clients: { remote: 1, socket: 0, proxy: 0, named: 3 } }).actions,
      [set('log_hostname', 'off')],
    );
    assert.equal(judge('client addresses', {}).state, 'unproven');
  });

  test('bind parameters alone hide values', () => {
    const need = 'literals in statements (values)';
    assert.equal(judge(need, { statements: { withLiterals: 1, withParameters: 9 } }).state, 'armed');
    assert.equal(judge(need, { statements: { withLiterals: 0, withParameters: 9 } }).state, 'partly');
  });
});

describe('files and networks', () => {
  const file = (changes: Partial<FileStatus>): FileStatus => ({
    kind: 'country',
    name: 'geo.mmdb',
    path: '/geo.mmdb',
    entries: 9,
    date: NOW,
    problems: [],
    ...changes,
  });
  const problem = new PgvigilError('ENRICHMENT_INVALID', '/geo.mmdb: broken', 'replace it');

  test('a file is there, old, broken or missing', () => {
    const need = 'enrichment.country';
    assert.equal(judge(need, {}, { files: [file({})] }).state, 'armed');
    assert.equal(judge(need, {}, { files: [file({ kind: 'asn' })] }).state, 'blind');
    assert.equal(judge(need, {}, { files: [file({ date: NOW - 90 * 24 * HOUR })] }).state, 'armed');
    const old = judge(need, {}, { files: [file({ date: NOW - 91 * 24 * HOUR })] });
    assert.deepEqual([old.state, old.reason], ['partly', 'geo.mmdb is 91 days old']);
    const broken = judge(need, {}, { files: [file({ entries: 0, date: null, problems: [problem] })] });
    assert.deepEqual([broken.state, broken.reason], ['blind', '/geo.mmdb: broken']);
    assert.equal(judge(need, {}, { files: [file({ problems: [problem] })] }).state, 'partly');
  });

  test('networks', () => {
    assert.equal(judge('networks', {}).state, 'blind');
    assert.equal(judge('networks', {}, { hasTrusted: true }).state, 'armed');
  });
});

describe('a detector with several needs', () => {
  const SEEN = { ...AUDITED, read: NOW, error: NOW, error_text: NOW, connection: NOW };

  test('one source that is missing leaves the others; a condition that is missing leaves nothing', () => {
    const settings = { 'pgaudit.log': 'read' };
    assert.equal(judge('pgaudit.log with read and ddl', { seen: SEEN, settings }).state, 'partly');
    assert.equal(judge('pgaudit.log with role and ddl', { seen: SEEN, settings }).state, 'blind');
    assert.equal(judge(['log_connections = on', 'networks'], { seen: SEEN }).state, 'blind');
  });

  test('what the server refuses is still seen by those that look for it', () => {
    const needs = ['pgaudit.log with ddl', 'log_min_error_statement = error'];
    const settings = { 'pgaudit.log': 'read', 'pgaudit.log_catalog': 'off' };
    assert.equal(judge(needs, { seen: SEEN, settings }).state, 'partly');
    const catalogs = ['pgaudit.log_catalog = on', 'log_min_error_statement = error'];
    assert.equal(judge(catalogs, { seen: SEEN, settings }, {}, true).state, 'partly');
    assert.equal(judge(catalogs, { seen: SEEN, settings }, {}, false).state, 'blind');
  });

  test('a day without an error puts nothing else in doubt', () => {
    const needs = ['pgaudit.log with read', 'log_min_error_statement = error'];
    assert.equal(judge(needs, { seen: { ...AUDITED, read: NOW } }).state, 'armed');
    assert.equal(judge(needs, { seen: AUDITED }).state, 'unproven');
  });

  test('an extra that is missing makes it see less, and a missing extra that is unproven changes nothing', () => {
    const needs = ['pgaudit.log with read', 'pgaudit.log_relation = on (sees tables behind views)'];
    assert.equal(judge(needs, { seen: { ...SEEN, no_relation: NOW } }).state, 'partly');
    assert.equal(judge(needs, { seen: SEEN }).state, 'armed');
  });

  test('baselines are learned per server; a server without an entry has just begun', () => {
    const needs = ['log_connections = on', 'baselines'];
    const at = (daysLeft: Map<string, number> | null) => judge(needs, { seen: SEEN }, { daysLeft });
    assert.equal(at(new Map([['contoso-pg', 0]])).state, 'armed');
    assert.deepEqual(
      [at(new Map([['contoso-pg', 3]])).state, at(new Map([['contoso-pg', 3]])).reason],
      ['learning', 'baselines need 3 more days'],
    );
    assert.equal(at(new Map([['other', 0]])).state, 'learning');
    assert.equal(judge('log_connections = on', { seen: SEEN }, { daysLeft: new Map() }).state, 'armed');
  });

  test('switched off is off; words that cannot be looked for are told', () => {
    const detector = { id: 'Z01', name: 'test.test', requires: ['a cup of tea'], deniedAttempts: false };
    assert.equal(judgeDetector(detector, 'off', server(), AROUND).state, 'off');
    assert.equal(judgeDetector(detector, 'shadow', server(), AROUND).reason, 'not checked: a cup of tea');
  });
});

test('a name that is no name of Azure does not get into a command', () => {
  const observed = { server: 'x; rm -rf ~', sessions: 9 };
  assert.match(judge('log_connections = on', observed).actions[0] ?? '', /-s <server> --name/);
});
