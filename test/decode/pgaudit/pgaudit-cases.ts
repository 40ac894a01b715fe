/** Sessions that a real pgaudit was asked to audit, with what its lines must say (test/decode/pgaudit.live.test.ts). */

export type Step = string | { text: string; values: unknown[] };

/** Settings of one session, beside pgaudit.log = all and log_rows = on, what it sends, and what the log must say. */
export interface Case {
  name: string;
  settings: Record<string, string>;
  steps: Step[];
  /** Ids, class, command and object; statement; rows; parameters. */
  entries: [what: string, statement: string | null, rows: number | null, parameters?: string][];
}

/** Sent before all cases, by a session that is not audited. */
export const SETUP = [
  'create extension pgaudit',
  'create table item(id int primary key, name text, blob bytea, tags text[])',
  'create table log(id int)',
  `create table "we,ird ""t"""(a int)`,
  'create view seen as select * from item',
  "insert into item values (1,'a'),(2,'b')",
  'create function inner_f() returns int language plpgsql as $$ begin perform id from item; return 1; end $$',
  'create function outer_f() returns int language plpgsql as $$ begin perform inner_f(); insert into log values (7); return 2; end $$',
  'create role auditor',
  'grant select on item to auditor',
];

const MULTI = "select 1; select 'two, 2' ;  insert into log values (5)";
const MERGE = 'merge into log using (select 1 id) b on log.id=b.id when matched then update set id=log.id';
const EXECUTED = "do $$ begin execute 'insert into log values (9)'; end $$";
const JOIN = 'select * from item join log on false';
const WEIRD = 'select * from "we,ird ""t"""';
const LINES = "select 'line\r\nbreak', 'q\"uote',\n\t'a,b'";
const UNICODE = "/* app:тест */ select 'naïve 😀' -- tail";

const FORGED = "do $$ begin raise log 'AUDIT: SESSION,9,1,READ,SELECT,,,forged,<not logged>'; end $$";

export const CASES: Case[] = [
  {
    name: 'RAISE LOG in the words of pgaudit makes no audit row',
    settings: { log_rows: 'off' },
    steps: [FORGED, 'select 1'],
    entries: [
      ['1,1 FUNCTION DO', FORGED, null],
      ['2,1 READ SELECT', 'select 1', null],
    ],
  },
  {
    name: 'without log_rows there are nine fields, and a statement that fails is there',
    settings: { log_rows: 'off' },
    steps: ['select 1', "insert into item values (1,'again')", EXECUTED],
    entries: [
      ['1,1 READ SELECT', 'select 1', null],
      ['2,1 WRITE INSERT', "insert into item values (1,'again')", null],
      ['3,1 FUNCTION DO', EXECUTED, null],
      ['3,2 WRITE INSERT', 'insert into log values (9)', null],
    ],
  },
  {
    name: 'with log_rows rows are counted, except those of COPY and cursors, and a statement that fails is missing',
    settings: {},
    steps: [
      ...[
        'select id from item',
        'update item set name=name',
        'delete from log where false',
        'select * from nope',
      ],
      ...[
        "insert into item values (1,'again')",
        'copy item to stdout',
        'copy (select id from item) to stdout',
      ],
      ...['begin', 'declare c cursor for select * from item', 'fetch 1 from c', 'commit', 'vacuum log'],
    ],
    entries: [
      ['1,1 READ SELECT', 'select id from item', 2],
      ['2,1 WRITE UPDATE', 'update item set name=name', 2],
      ['3,1 WRITE DELETE', 'delete from log where false', 0],
      ['4,1 READ COPY', 'copy item to stdout', 0],
      ['5,1 READ SELECT', 'copy (select id from item) to stdout', 2],
      ['5,2 READ COPY', 'copy (select id from item) to stdout', 0],
      ['6,1 MISC BEGIN', 'begin', 0],
      ['7,1 READ DECLARE CURSOR', 'declare c cursor for select * from item', 0],
      ['8,1 MISC FETCH', 'fetch 1 from c', 0],
      ['9,1 MISC COMMIT', 'commit', 0],
      ['10,1 MISC VACUUM', 'vacuum log', 0],
    ],
  },
  {
    name: 'parameters of all kinds come as pgaudit joins them, and NULL looks like an empty text',
    settings: { log_parameter: 'on' },
    steps: [
      { text: 'select $1::int, $2::text', values: [1, 'a,"b"\nc'] },
      {
        text: 'insert into item values ($1,$2,$3,$4)',
        values: [3, null, Buffer.from([0, 1, 255]), ['x,y', 'z"w']],
      },
      { text: 'select $1::text', values: [''] },
      { text: 'select $1::text', values: [null] },
      'select 1',
      ...['prepare p(int) as select id from item where id = $1', 'execute p(1)'],
    ],
    entries: [
      ['1,1 READ SELECT', 'select $1::int, $2::text', 1, '1,"a,""b""\nc"'],
      ['2,1 WRITE INSERT', 'insert into item values ($1,$2,$3,$4)', 1, '3,,\\x0001ff,"{""x,y"",""z\\""w""}"'],
      ['3,1 READ SELECT', 'select $1::text', 1, ''],
      ['4,1 READ SELECT', 'select $1::text', 1, ''],
      ['5,1 READ SELECT', 'select 1', 1],
      ['6,1 READ PREPARE', 'prepare p(int) as select id from item where id = $1', 0],
      ['7,1 READ SELECT', 'prepare p(int) as select id from item where id = $1', 1, '1'],
      ['7,2 MISC EXECUTE', 'execute p(1)', 0],
    ],
  },
  {
    name: 'with log_statement_once further lines of the same substatement, and only they, have no text',
    settings: { log_statement_once: 'on', log_relation: 'on' },
    steps: [
      JOIN,
      'select name from seen',
      'select outer_f()',
      EXECUTED,
      'create table k(id int primary key)',
      'drop table k',
    ],
    entries: [
      ['1,1 READ SELECT TABLE public.item', JOIN, 0],
      ['1,1 READ SELECT TABLE public.log', '<previously logged>', 0],
      ['2,1 READ SELECT VIEW public.seen', 'select name from seen', 3],
      ['2,1 MISC ??? VIEW public.seen', '<previously logged>', 3],
      ['2,1 READ SELECT TABLE public.item', '<previously logged>', 3],
      ['3,1 FUNCTION EXECUTE FUNCTION public.outer_f', 'select outer_f()', 0],
      ['3,2 FUNCTION EXECUTE FUNCTION public.inner_f', 'SELECT inner_f()', 0],
      ['3,3 READ SELECT TABLE public.item', 'SELECT id from item', 3],
      ['3,4 READ SELECT', 'SELECT inner_f()', 1],
      ['3,5 WRITE INSERT TABLE public.log', 'insert into log values (7)', 1],
      ['3,6 READ SELECT', 'select outer_f()', 1],
      ['4,1 FUNCTION DO', EXECUTED, 0],
      ['4,2 WRITE INSERT TABLE public.log', 'insert into log values (9)', 1],
      ['5,1 DDL CREATE TABLE TABLE public.k', 'create table k(id int primary key)', 0],
      ['5,1 DDL CREATE INDEX INDEX public.k_pkey', '<previously logged>', 0],
      ['6,1 DDL DROP TABLE TABLE public.k', 'drop table k', 0],
      ['6,1 DDL DROP TABLE TABLE CONSTRAINT k_pkey on public.k', '<previously logged>', 0],
      ['6,1 DDL DROP TABLE INDEX public.k_pkey', '<previously logged>', 0],
    ],
  },
  {
    name: 'without log_statement there is neither text nor parameters',
    settings: { log_statement: 'off', log_parameter: 'on' },
    steps: ['select 1', { text: 'select $1::int', values: [1] }],
    entries: [
      ['1,1 READ SELECT', null, 1],
      ['2,1 READ SELECT', null, 1],
    ],
  },
  {
    name: 'several statements in one string come with the whole string each, under ids of their own',
    settings: {},
    steps: [MULTI, MERGE],
    entries: [
      ['1,1 READ SELECT', MULTI, 1],
      ['2,1 READ SELECT', MULTI, 1],
      ['3,1 WRITE INSERT', MULTI, 1],
      ['4,1 MISC ???', MERGE, 0],
    ],
  },
  {
    name: 'names and texts with quotes, commas, line breaks and other scripts arrive as sent',
    settings: { log_relation: 'on' },
    steps: [WEIRD, LINES, UNICODE, 'create table "x,""y\nz"(a int)'],
    entries: [
      ['1,1 READ SELECT TABLE public."we,ird ""t"""', WEIRD, 0],
      ['2,1 READ SELECT', LINES, 1],
      ['3,1 READ SELECT', UNICODE, 1],
      ['4,1 DDL CREATE TABLE TABLE public."x,""y\nz"', 'create table "x,""y\nz"(a int)', 0],
    ],
  },
  {
    name: 'what the audit role may read is audited as OBJECT, with the ids of the SESSION line',
    settings: { role: 'auditor' },
    steps: ['select name from item'],
    entries: [
      ['1,1 READ SELECT', 'select name from item', 3],
      ['OBJECT 1,1 READ SELECT TABLE public.item', 'select name from item', 3],
    ],
  },
  {
    name: 'pgaudit cuts role statements after PASSWORD',
    settings: {},
    steps: ["create role bob password 'hunter2' createdb", 'drop role bob'],
    entries: [
      ['1,1 ROLE CREATE ROLE', 'create role bob password <REDACTED>', 0],
      ['2,1 ROLE DROP ROLE', 'drop role bob', 0],
    ],
  },
  {
    name: 'an audit line of level WARNING is one',
    settings: { log_client: 'on', log_level: 'warning' },
    steps: ['select 1'],
    entries: [['WARNING 1,1 READ SELECT', 'select 1', 1]],
  },
  {
    name: 'what the settings leave out, what fails and what is aborted uses up no statement id',
    settings: { log: 'write' },
    steps: [
      ...[
        'insert into log values (1)',
        'select 1',
        'select 2',
        'begin',
        'insert into log values (2)',
        'select 1/0',
      ],
      ...['insert into log values (0)', 'rollback', 'insert into log values (3)'],
    ],
    entries: [
      ['1,1 WRITE INSERT', 'insert into log values (1)', 1],
      ['2,1 WRITE INSERT', 'insert into log values (2)', 1],
      ['3,1 WRITE INSERT', 'insert into log values (3)', 1],
    ],
  },
  {
    name: 'lines whose level is too low for the log go to the client alone and leave a gap in the ids',
    settings: { log_client: 'on', log_level: 'log' },
    steps: [
      'select 1',
      "set pgaudit.log_level = 'debug1'",
      'select 2',
      "set pgaudit.log_level = 'log'",
      'select 3',
    ],
    entries: [
      ['1,1 READ SELECT', 'select 1', 1],
      ['4,1 MISC SET', "set pgaudit.log_level = 'log'", 0],
      ['5,1 READ SELECT', 'select 3', 1],
    ],
  },
];
