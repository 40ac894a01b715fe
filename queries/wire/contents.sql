-- What the catalogs hold: one schema with the public views, the types of their columns, one database. From pgc_shown_views
-- (number, name, comment), pgc_shown_columns (view, number, name, type, modifier, comment) and pgc_shown_types.

INSERT INTO stored.pgc_pg_namespace BY NAME
  SELECT unnest([11, 2200, 13000]) AS oid, unnest(['pg_catalog', 'main', 'information_schema']) AS nspname, 10 AS nspowner;

INSERT INTO stored.pgc_pg_class BY NAME
  SELECT 16384 + number AS oid, name AS relname, 2200 AS relnamespace, 10 AS relowner, 'v' AS relkind, 'p' AS relpersistence,
    'n' AS relreplident, true AS relispopulated, true AS relhasrules, -1::FLOAT AS reltuples,
    (SELECT count(*) FROM pgc_shown_columns c WHERE c.view = v.number)::SMALLINT AS relnatts
  FROM pgc_shown_views v;

INSERT INTO stored.pgc_pg_attribute BY NAME
  SELECT 16384 + c.view AS attrelid, c.name AS attname, c.type AS atttypid, -1 AS attstattarget, t.size AS attlen,
    c.number::SMALLINT AS attnum, (t.element > 0)::INTEGER AS attndims, c.modifier AS atttypmod,
    CASE WHEN t.size = -1 THEN 'x' ELSE 'p' END AS attstorage, '' AS attcompression, '' AS attidentity, '' AS attgenerated,
    true AS attislocal, 'i' AS attalign
  FROM pgc_shown_columns c JOIN pgc_shown_types t ON t.oid = c.type;

INSERT INTO stored.pgc_pg_type BY NAME
  SELECT oid, name AS typname, 11 AS typnamespace, 10 AS typowner, size AS typlen, size BETWEEN 1 AND 8 AS typbyval,
    kind AS typtype, category AS typcategory, name IN ('text', 'float8', 'bool', 'timestamptz', 'interval', 'oid') AS typispreferred,
    true AS typisdefined, ',' AS typdelim, element AS typelem, list AS typarray, 'i' AS typalign, 'x' AS typstorage,
    -1 AS typtypmod, CASE WHEN element > 0 THEN 'array_in' ELSE name || 'in' END AS typinput,
    CASE WHEN element > 0 THEN 'array_out' ELSE name || 'out' END AS typoutput,
    CASE WHEN element > 0 THEN 'array_recv' ELSE name || 'recv' END AS typreceive,
    CASE WHEN element > 0 THEN 'array_send' ELSE name || 'send' END AS typsend,
    CASE WHEN element > 0 THEN 'array_subscript_handler' ELSE '-' END AS typsubscript
  FROM pgc_shown_types;

INSERT INTO stored.pgc_pg_description BY NAME
  SELECT 16384 + number AS objoid, 1259 AS classoid, 0 AS objsubid, comment AS description
  FROM pgc_shown_views WHERE comment IS NOT NULL
  UNION ALL BY NAME
  SELECT 16384 + view AS objoid, 1259 AS classoid, number AS objsubid, comment AS description
  FROM pgc_shown_columns WHERE comment IS NOT NULL;

INSERT INTO stored.pgc_pg_roles BY NAME
  SELECT 10 AS oid, 'pgvigil' AS rolname, true AS rolinherit, -1 AS rolconnlimit, '********' AS rolpassword;
INSERT INTO stored.pgc_pg_user BY NAME SELECT 10 AS usesysid, 'pgvigil' AS usename, '********' AS passwd;

INSERT INTO stored.pgc_pg_database BY NAME
  SELECT 16383 AS oid, 'pgvigil' AS datname, 10 AS datdba, 6 AS encoding, 'c' AS datlocprovider, true AS datallowconn,
    -1 AS datconnlimit, 1663 AS dattablespace, 'C' AS datcollate, 'C' AS datctype;
INSERT INTO stored.pgc_pg_tablespace BY NAME SELECT 1663 AS oid, 'pg_default' AS spcname, 10 AS spcowner;
INSERT INTO stored.pgc_pg_language BY NAME SELECT 14 AS oid, 'sql' AS lanname, 10 AS lanowner;
INSERT INTO stored.pgc_pg_views BY NAME
  SELECT 'main' AS schemaname, name AS viewname, 'pgvigil' AS viewowner FROM pgc_shown_views;
INSERT INTO stored.pgc_pg_timezone_names BY NAME SELECT 'UTC' AS name, 'UTC' AS abbrev, INTERVAL 0 SECOND AS utc_offset;

INSERT INTO stored.pgi_tables BY NAME
  SELECT 'pgvigil' AS table_catalog, 'main' AS table_schema, name AS table_name, 'VIEW' AS table_type, 'NO' AS is_insertable_into,
    'NO' AS is_typed
  FROM pgc_shown_views;
INSERT INTO stored.pgi_views BY NAME
  SELECT 'pgvigil' AS table_catalog, 'main' AS table_schema, name AS table_name, 'NONE' AS check_option, 'NO' AS is_updatable,
    'NO' AS is_insertable_into
  FROM pgc_shown_views;
INSERT INTO stored.pgi_columns BY NAME
  SELECT 'pgvigil' AS table_catalog, 'main' AS table_schema, v.name AS table_name, c.name AS column_name,
    c.number AS ordinal_position, 'YES' AS is_nullable,
    CASE WHEN t.element > 0 THEN 'ARRAY' ELSE t.display END AS data_type,
    CASE t.name WHEN 'int2' THEN 16 WHEN 'int4' THEN 32 WHEN 'int8' THEN 64 WHEN 'float4' THEN 24 WHEN 'float8' THEN 53
      WHEN 'numeric' THEN (CASE WHEN c.modifier > 0 THEN (c.modifier - 4) >> 16 END) END AS numeric_precision,
    CASE WHEN t.name LIKE 'int_' THEN 0 WHEN t.name = 'numeric' AND c.modifier > 0 THEN (c.modifier - 4) & 65535 END
      AS numeric_scale,
    CASE WHEN t.name LIKE 'int_' OR t.name LIKE 'float_' THEN 2 WHEN t.name = 'numeric' THEN 10 END AS numeric_precision_radix,
    CASE WHEN t.category = 'D' THEN 6 END AS datetime_precision,
    'pgvigil' AS udt_catalog, 'pg_catalog' AS udt_schema, t.name AS udt_name, c.number::VARCHAR AS dtd_identifier,
    'NO' AS is_self_referencing, 'NO' AS is_identity, 'NEVER' AS is_generated, 'NO' AS is_updatable
  FROM pgc_shown_columns c JOIN pgc_shown_views v ON v.number = c.view JOIN pgc_shown_types t ON t.oid = c.type;
INSERT INTO stored.pgi_schemata BY NAME
  SELECT 'pgvigil' AS catalog_name, nspname AS schema_name, 'pgvigil' AS schema_owner FROM stored.pgc_pg_namespace;
INSERT INTO stored.pgi_information_schema_catalog_name BY NAME SELECT 'pgvigil' AS catalog_name;
INSERT INTO stored.pgi_enabled_roles BY NAME SELECT 'pgvigil' AS role_name;
INSERT INTO stored.pgi_table_privileges BY NAME
  SELECT 'pgvigil' AS grantor, 'PUBLIC' AS grantee, 'pgvigil' AS table_catalog, 'main' AS table_schema, name AS table_name,
    'SELECT' AS privilege_type, 'NO' AS is_grantable, 'YES' AS with_hierarchy
  FROM pgc_shown_views;
INSERT INTO stored.pgc_pg_get_keywords BY NAME
  SELECT unnest(regexp_split_to_array('all analyse analyze and any array as asc both case cast check collate column constraint create default
    desc distinct do else end except false fetch for foreign from grant group having in initially intersect into lateral leading
    limit not null offset on only or order placing primary references returning select some table then to trailing true union
    unique user using variadic when where window with', '\s+')) AS word, 'R' AS catcode, 'reserved' AS catdesc;
