/** The closed list of flags that `StatementFeatures.flags` can hold, each with its meaning. */
export const FLAGS = {
  // How far the text could be read.
  parser_failed:
    'The text, or SQL inside it, was too much for the parser (nesting, size, time); it was judged by its tokens only.',
  text_cut: 'The text is longer than 64 KiB and was cut before it was parsed.',
  unterminated_quote: 'A quoted string or identifier does not end.',

  // COPY.
  copy_to: 'COPY … TO.',
  copy_from: 'COPY … FROM.',
  copy_relation: 'COPY of a whole table or view.',
  copy_query: 'COPY of a query.',
  copy_stdout: 'COPY … TO STDOUT: data goes to the client.',
  copy_stdin: 'COPY … FROM STDIN.',
  copy_file: 'COPY to or from a file on the server.',
  copy_program: 'COPY to or from a program on the server.',

  // Shape of the outermost query.
  select_star: 'Selects every column.',
  no_where: 'Reads from a relation without WHERE.',
  no_limit: 'Reads from a relation without LIMIT.',
  offset: 'Has OFFSET.',
  union: 'Has UNION.',
  where_true: 'A condition that is always true stands where query builders put it (`WHERE 1=1 AND …`).',
  where_false: 'A condition that is always false stands where query builders put it (`WHERE 1=0`).',

  // Injection.
  tautology: 'A condition that is always true was added behind another one (`… OR 1=1`).',
  tautology_rand:
    'The always-true condition compares numbers or words of the kind that tools draw at random.',
  contradiction: 'A condition that is always false was added behind another one (`… AND 1=2`).',
  union_probe:
    'A UNION adds a row from no relation to a query: with NULL in one of several columns, or with version() or the like.',
  union_catalog: 'A UNION joins user data with a system catalog.',
  stacked:
    'Another statement follows a query or a change of data. Transaction control, SET and clean-up are not counted; scripts that begin with DDL are not meant.',
  trailing_comment: 'Ends with a line comment.',
  comment_tail:
    'Ends with a comment that cuts off the rest of a statement: empty, random letters, or SQL inside.',
  inline_comment: 'A block comment stands in place of a space between two words.',
  sleep: 'Calls pg_sleep.',
  heavy_gs: 'Counts generated series that make a million rows or more.',
  err_cast:
    'Casts text that discloses something, or that no number looks like, to a number, so that the error message shows it.',

  // Roles and rights.
  admin_option: 'Grants a role with ADMIN OPTION.',
  revoke: 'Takes rights or a role away.',
  priv_all: 'Grants ALL PRIVILEGES.',
  all_in_schema: 'Grants on all objects of a schema.',
  with_grant: 'Grants WITH GRANT OPTION.',
  to_public: 'Grants to PUBLIC.',
  grant_parameter: 'Grants SET or ALTER SYSTEM on a parameter.',
  default_privs: 'Changes default privileges.',
  sets_password: 'Sets a password.',
  drop_role: 'Drops a role.',
  owner_change: 'Gives an object to another owner.',

  // Code and persistence.
  security_definer: 'Function that runs with the rights of its owner.',
  no_search_path: 'SECURITY DEFINER function without a search_path of its own.',
  search_path_unsafe:
    'The function\'s search_path holds public or "$user", is that of the session, or is no longer pinned.',
  untrusted_lang: 'C, internal or another language that can reach the operating system.',
  load_library: 'LOAD of a shared library.',
  create_ext: 'CREATE EXTENSION.',
  drop_ext: 'DROP EXTENSION.',
  event_trigger: 'Creates or enables an event trigger.',
  drop_event_trigger: 'Drops or disables an event trigger, or leaves it to replicas (ENABLE REPLICA).',
  create_trigger: 'Creates a trigger.',
  drop_trigger: 'Drops a trigger of a table.',
  trigger_off: 'Disables triggers of a table, or leaves them to replicas (ENABLE REPLICA).',
  create_rule: 'Creates a rewrite rule.',
  rls_off: 'Row-level security disabled or not forced any more, or a policy dropped or opened to every row.',
  rls_error: 'Row-level security stopped the statement.',
  do_block: 'DO block.',
  dyn_exec: 'The body runs dynamic SQL.',
  body_chr: 'The body, or SQL in an argument, builds text from character codes.',
  body_decode: 'The body, or SQL in an argument, decodes text (base64, hex).',
  body_danger: 'The body, or SQL in an argument, reaches for files, other servers, roles or libraries.',
  body_copy_program:
    'The body, or SQL in an argument, holds COPY … PROGRAM, also when put together from pieces.',

  // Data: change, copy, destruction.
  insert: 'INSERT.',
  update: 'UPDATE.',
  delete: 'DELETE.',
  merge: 'MERGE.',
  returning: 'Returns the rows that it changed.',
  dml_no_where: 'DELETE or UPDATE of every row.',
  insert_select: 'INSERT from a query with FROM, or from a UNION of which one has it.',
  ctas: 'Creates a table from a query.',
  create_table: 'CREATE TABLE.',
  unlogged: 'The new table is UNLOGGED.',
  temp: 'The new table is TEMPORARY.',
  truncate: 'TRUNCATE.',
  drop_data: 'Drops or empties tables, schemas or databases; tables in pg_temp are not counted.',
  drop_db: 'DROP DATABASE.',
  drop_owned: 'DROP OWNED.',
  drop_column: 'ALTER TABLE … DROP COLUMN.',
  ransom_name: 'Creates or fills an object named like a ransom note, or gives it such a name.',
  ransom_text: 'Reads like a ransom note.',

  // Ways out.
  fdw_server: 'Creates or changes a foreign server, or imports a foreign schema.',
  user_mapping: 'Creates or changes a user mapping.',
  subscription: 'Creates or changes a subscription.',
  publication: 'Creates or changes a publication.',
  pub_all_tables: 'Publishes every table.',
  replication_cmd: 'Command of the replication protocol.',
  notify: 'NOTIFY or pg_notify.',

  // Tools.
  lock_access_share: 'LOCK … IN ACCESS SHARE MODE, as pg_dump does.',
  pg_dump_cursor: 'The cursor of pg_dump --inserts.',
  discard: 'DISCARD.',
} as const;

export type Flag = keyof typeof FLAGS;
