/** What sessions of a real server sent, and the rows of `activity` that must come of it (failed-statements.live.test.ts). */

export type Step = string | { text: string; values: unknown[] };

/** Settings of pgaudit beside log = read, write, function, ddl and log_rows = off. */
export interface Case {
  name: string;
  settings: Record<string, string>;
  steps: Step[];
  /** `ok` or the SQLSTATE, with command and object where pgaudit logged it; the text. */
  rows: [what: string, statement: string][];
}

/** Sent before all cases, by a session that is not audited. */
export const SETUP = [
  'create extension pgaudit',
  'create table item(id int primary key)',
  'create table part(id int references item)',
  'insert into item values (1), (2)',
  'create table late(id int unique deferrable initially deferred)',
  `create function f() returns int language plpgsql as 'begin perform id from item; return 1 / 0; end'`,
];

const RELATIONS = { log_relation: 'on' };
const ZERO = 'select 1 / (id - 1) from item';
const TWICE = 'insert into item values (1)';
const JOIN = 'select 1 / (item.id - 1) from item left join part using (id)';
const SLEEP = 'select pg_sleep(5)';
const COPY = 'copy (select 1 / (id - 1) from item) to stdout';
const LATE = 'insert into late values (1), (1)';
const FILE = "select pg_read_file('/nosuch')";
const BLOCK = "do $$ begin execute 'select nosuch'; end $$";
const EXTENSION = 'create extension nosuch';
const CAST = 'select cast((select version()) as int)';
const BOUND = 'select id from item where id = $1';
const STRING = 'select id from item; select 1 / 0';
const SETTING = "select id from item where id < current_setting('my.bound')::int";
const FOUND = 'select id from item where id = 2';
const TABLE = 'create table copied as select 1 / (id - 1) from item';

export const CASES: Case[] = [
  {
    name: 'what fails while it runs is one row, at once and after a while',
    settings: {},
    steps: [ZERO, TWICE, CAST, FILE, COPY, LATE, TABLE, 'set statement_timeout = 150', SLEEP],
    rows: [
      ['22012 SELECT', ZERO],
      ['23505 INSERT', TWICE],
      ['22P02 SELECT', CAST],
      ['58P01 SELECT', FILE],
      ['22012 SELECT', COPY],
      ['23505 INSERT', LATE],
      ['22012 SELECT', TABLE],
      ['57014 SELECT', SLEEP],
    ],
  },
  {
    name: 'all relations of a statement that failed are one row, also where the text is logged once',
    settings: { ...RELATIONS, log_statement_once: 'on' },
    steps: [JOIN, JOIN, TWICE],
    rows: [
      ['22012 SELECT public.item', JOIN],
      ['22012 SELECT public.item', JOIN],
      ['23505 INSERT public.item', TWICE],
    ],
  },
  {
    name: 'what ran inside a statement that failed keeps its rows',
    settings: RELATIONS,
    steps: ['select f()'],
    rows: [
      ['ok SELECT public.item', 'SELECT id from item'],
      ['22012 SELECT', 'select f()'],
    ],
  },
  {
    name: 'blocks and extensions that failed are one row, with log_rows as well',
    settings: { log_rows: 'on' },
    steps: [BLOCK, EXTENSION],
    rows: [
      ['42703 DO', BLOCK],
      ['0A000 CREATE EXTENSION', EXTENSION],
    ],
  },
  {
    name: 'a success stays one when its text is sent again so that it fails before it is logged',
    settings: {},
    steps: [
      { text: BOUND, values: [1] },
      { text: BOUND, values: ['x'] },
      FOUND,
      'set search_path = nowhere',
      FOUND,
      'reset search_path',
      'begin read only',
      FOUND,
      'select nosuch',
      FOUND,
      'rollback',
    ],
    rows: [
      ['ok SELECT', BOUND],
      ['22P02', BOUND],
      ['ok SELECT', FOUND],
      ['42P01', FOUND],
      ['ok SELECT', FOUND],
      ['42703', 'select nosuch'],
      ['25P02', FOUND],
    ],
  },
  {
    name: 'the first of several statements in a string stays a success when the second fails',
    settings: {},
    steps: [STRING],
    rows: [
      ['ok SELECT', STRING],
      ['22012', STRING],
    ],
  },
  {
    name: 'a success that is logged at its end stays one, with log_rows',
    settings: { log_rows: 'on' },
    steps: [
      FOUND,
      'set statement_timeout = 150',
      SLEEP,
      "set my.bound = '5'",
      SETTING,
      "set my.bound = 'x'",
      SETTING,
    ],
    rows: [
      ['ok SELECT', FOUND],
      ['57014', SLEEP],
      ['ok SELECT', SETTING],
      ['22P02', SETTING],
    ],
  },
];
