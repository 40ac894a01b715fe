-- What the parser says stands once per template: the texts that differ in nothing but data. version: of the pgvigil that
-- found it, empty for rows from before this step; literals_read: see src/statements/literal-reads.ts.
CREATE TABLE store.templates (
  template_id VARCHAR NOT NULL,
  version VARCHAR NOT NULL,
  literals_read INTEGER[] NOT NULL,
  parse_ok BOOLEAN NOT NULL,
  fingerprint VARCHAR,
  normalized VARCHAR,
  kinds VARCHAR[] NOT NULL,
  relations_read VARCHAR[] NOT NULL,
  relations_written VARCHAR[] NOT NULL,
  catalogs VARCHAR[] NOT NULL,
  catalogs_written VARCHAR[] NOT NULL,
  columns_read VARCHAR[] NOT NULL,
  columns_written VARCHAR[] NOT NULL,
  functions VARCHAR[] NOT NULL,
  flags VARCHAR[] NOT NULL,
  setting_name VARCHAR,
  setting_value VARCHAR,
  setting_scope VARCHAR,
  roles_granted VARCHAR[] NOT NULL,
  grantees VARCHAR[] NOT NULL,
  role_options VARCHAR[] NOT NULL,
  hosts VARCHAR[] NOT NULL,
  language VARCHAR,
  extension VARCHAR,
  path VARCHAR,
  target VARCHAR,
  statement_count INTEGER NOT NULL,
  drop_count INTEGER NOT NULL,
  null_pads INTEGER NOT NULL,
  chr_chain INTEGER NOT NULL,
  tail_redacted BOOLEAN NOT NULL
);

INSERT INTO store.templates
SELECT
  statement_hash, '', [], parse_ok, fingerprint, normalized, kinds, relations_read, relations_written, catalogs, [], [],
  [], functions, flags, setting_name, setting_value, setting_scope, roles_granted, grantees, role_options, hosts, language,
  extension, path, target, statement_count, drop_count, null_pads, chr_chain, tail_redacted
FROM store.statements;

ALTER TABLE store.statements RENAME TO old_statements;
CREATE TABLE store.statements (
  statement_hash VARCHAR NOT NULL,
  template_id VARCHAR NOT NULL,
  first_record_id BIGINT NOT NULL,
  sql_text VARCHAR,
  text_length BIGINT NOT NULL
);
INSERT INTO store.statements
SELECT statement_hash, statement_hash, first_record_id, sql_text, text_length FROM store.old_statements;
DROP TABLE store.old_statements;
