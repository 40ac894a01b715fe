-- Functions of PostgreSQL that DuckDB does not have, for questions about catalogs. rewrite.ts puts pgf_ before their names.

CREATE MACRO pgf_format_type(type_oid, modifier) AS
  CASE WHEN type_oid = 1700 AND modifier > 0 THEN 'numeric(' || ((modifier - 4) >> 16) || ',' || ((modifier - 4) & 65535) || ')'
    ELSE coalesce((SELECT min(display) FROM pgc_shown_types WHERE oid = type_oid::INTEGER), '???') END;
CREATE MACRO pgf_regtype_text(type_oid) AS
  CASE WHEN type_oid::VARCHAR = '0' THEN '-'
    ELSE coalesce((SELECT min(display) FROM pgc_shown_types WHERE oid::VARCHAR = type_oid::VARCHAR), type_oid::VARCHAR) END;
CREATE MACRO pgf_to_regtype(type_name) AS (SELECT min(oid) FROM pgc_shown_types WHERE type_name IN (name, display));
CREATE MACRO pgf_regclass_text(relation) AS
  coalesce((SELECT min(relname) FROM pgc_pg_class WHERE oid::VARCHAR = relation::VARCHAR), relation::VARCHAR);
CREATE MACRO pgf_to_regclass(relation) AS (
  SELECT min(oid) FROM (
    SELECT oid, relname FROM pgc_pg_class
    UNION ALL SELECT unnest([1247, 1249, 1255, 1259, 1260, 1262, 1417, 2328, 2601, 2604, 2606, 2610, 2615, 2618, 2620, 3079]),
      unnest(['pg_type', 'pg_attribute', 'pg_proc', 'pg_class', 'pg_authid', 'pg_database', 'pg_foreign_server',
              'pg_foreign_data_wrapper', 'pg_am', 'pg_attrdef', 'pg_constraint', 'pg_index', 'pg_namespace', 'pg_rewrite',
              'pg_trigger', 'pg_extension'])
  ) known(oid, relname)
  WHERE relname = regexp_replace(replace(relation::VARCHAR, '"', ''), '^(main|pg_catalog)\.', '') OR oid::VARCHAR = relation::VARCHAR
);

CREATE MACRO pgf_obj_description(object) AS (
    SELECT min(description) FROM pgc_pg_description WHERE objoid = object::INTEGER AND objsubid = 0
  ), (object, catalog) AS (
    SELECT min(description) FROM pgc_pg_description
    WHERE objoid = object::INTEGER AND objsubid = 0 AND classoid = pgf_to_regclass(catalog)
  );
CREATE MACRO pgf_col_description(relation, number) AS (
  SELECT min(description) FROM pgc_pg_description WHERE objoid = relation::INTEGER AND objsubid = number::INTEGER AND number::INTEGER > 0
);
CREATE MACRO pgf_shobj_description(object, catalog) AS NULL::VARCHAR;
CREATE MACRO pgf_pg_get_viewdef(view) AS NULL::VARCHAR, (view, how) AS NULL::VARCHAR;
CREATE MACRO pgf_pg_get_expr(tree, relation) AS NULL::VARCHAR, (tree, relation, pretty) AS NULL::VARCHAR;
CREATE MACRO pgf_pg_get_constraintdef(object) AS NULL::VARCHAR, (object, pretty) AS NULL::VARCHAR;
CREATE MACRO pgf_pg_get_indexdef(object) AS NULL::VARCHAR, (object, number, pretty) AS NULL::VARCHAR;
CREATE MACRO pgf_pg_get_triggerdef(object) AS NULL::VARCHAR, (object, pretty) AS NULL::VARCHAR;
CREATE MACRO pgf_pg_get_ruledef(object) AS NULL::VARCHAR, (object, pretty) AS NULL::VARCHAR;
CREATE MACRO pgf_pg_get_functiondef(object) AS NULL::VARCHAR;
CREATE MACRO pgf_pg_get_function_result(object) AS NULL::VARCHAR;
CREATE MACRO pgf_pg_get_function_arguments(object) AS NULL::VARCHAR;
CREATE MACRO pgf_pg_get_function_identity_arguments(object) AS NULL::VARCHAR;
CREATE MACRO pgf_pg_get_partkeydef(object) AS NULL::VARCHAR;
CREATE MACRO pgf_pg_get_partition_constraintdef(object) AS NULL::VARCHAR;
CREATE MACRO pgf_pg_get_statisticsobjdef_columns(object) AS NULL::VARCHAR;
CREATE MACRO pgf_pg_get_serial_sequence(relation, name) AS NULL::VARCHAR;
CREATE MACRO pgf_pg_get_userbyid(role) AS
  coalesce((SELECT min(rolname) FROM pgc_pg_roles WHERE oid = role::INTEGER), 'unknown (OID=' || role || ')');
CREATE MACRO pgf_pg_encoding_to_char(encoding) AS CASE WHEN encoding = 6 THEN 'UTF8' ELSE '' END;
CREATE MACRO pgf_pg_char_to_encoding(name) AS CASE WHEN upper(name) IN ('UTF8', 'UTF-8', 'UNICODE') THEN 6 ELSE -1 END;

CREATE MACRO pgf_pg_table_is_visible(object) AS true;
CREATE MACRO pgf_pg_type_is_visible(object) AS true;
CREATE MACRO pgf_pg_function_is_visible(object) AS true;
CREATE MACRO pgf_pg_operator_is_visible(object) AS true;
CREATE MACRO pgf_pg_collation_is_visible(object) AS true;
CREATE MACRO pgf_pg_is_other_temp_schema(object) AS false;
CREATE MACRO pgf_pg_my_temp_schema() AS 0;
CREATE MACRO pgf_pg_relation_is_publishable(object) AS false;
CREATE MACRO pgf_pg_relation_is_updatable(object, triggers) AS 0;
CREATE MACRO pgf_pg_column_is_updatable(object, number, triggers) AS false;
CREATE MACRO pgf_pg_is_in_recovery() AS false;
CREATE MACRO pgf_pg_is_wal_replay_paused() AS false;
CREATE MACRO pgf_row_security_active(object) AS false;

-- Whoever is signed in may read every view, and nothing else.
CREATE MACRO pgf_has_table_privilege(object, privilege) AS upper(privilege) = 'SELECT',
  (role, object, privilege) AS upper(privilege) = 'SELECT';
CREATE MACRO pgf_has_any_column_privilege(object, privilege) AS upper(privilege) = 'SELECT',
  (role, object, privilege) AS upper(privilege) = 'SELECT';
CREATE MACRO pgf_has_column_privilege(object, name, privilege) AS upper(privilege) = 'SELECT',
  (role, object, name, privilege) AS upper(privilege) = 'SELECT';
CREATE MACRO pgf_has_schema_privilege(object, privilege) AS upper(privilege) = 'USAGE',
  (role, object, privilege) AS upper(privilege) = 'USAGE';
CREATE MACRO pgf_has_database_privilege(object, privilege) AS upper(privilege) = 'CONNECT',
  (role, object, privilege) AS upper(privilege) = 'CONNECT';
CREATE MACRO pgf_has_function_privilege(object, privilege) AS false, (role, object, privilege) AS false;
CREATE MACRO pgf_pg_has_role(role, privilege) AS false, (member, role, privilege) AS false;

CREATE MACRO pgf_pg_table_size(object) AS 0::BIGINT;
CREATE MACRO pgf_pg_relation_size(object) AS 0::BIGINT, (object, fork) AS 0::BIGINT;
CREATE MACRO pgf_pg_total_relation_size(object) AS 0::BIGINT;
CREATE MACRO pgf_pg_indexes_size(object) AS 0::BIGINT;
CREATE MACRO pgf_pg_database_size(object) AS 0::BIGINT;
CREATE MACRO pgf_pg_tablespace_location(object) AS '';
CREATE MACRO pgf_pg_stat_get_numscans(object) AS 0::BIGINT;

CREATE MACRO pgf_btrim(value) AS trim(value), (value, characters) AS trim(value, characters);
CREATE MACRO pgf_quote_ident(name) AS CASE WHEN regexp_full_match(name, '[a-z_][a-z0-9_$]*') THEN name
  ELSE '"' || replace(name, '"', '""') || '"' END;
CREATE MACRO pgf_quote_literal(value) AS '''' || replace(value::VARCHAR, '''', '''''') || '''';
CREATE MACRO pgf_array_lower(list, dimension) AS CASE WHEN len(list) > 0 AND dimension = 1 THEN 1 END;
CREATE MACRO pgf_array_upper(list, dimension) AS CASE WHEN len(list) > 0 AND dimension = 1 THEN len(list) END;
CREATE MACRO pgf_array_length(list, dimension) AS CASE WHEN len(list) > 0 AND dimension = 1 THEN len(list) END;
CREATE MACRO pgf_array_remove(list, element) AS list_filter(list, lambda each: each IS DISTINCT FROM element);
-- Of every key that is not there: no view has one.
CREATE MACRO pgf__pg_expandarray(list) AS {'x': NULL::INTEGER, 'n': NULL::INTEGER};
CREATE MACRO pgf_inet_server_addr() AS NULL::VARCHAR;
CREATE MACRO pgf_inet_server_port() AS NULL::INTEGER;
CREATE MACRO pgf_inet_client_addr() AS NULL::VARCHAR;
CREATE MACRO pgf_inet_client_port() AS NULL::INTEGER;
CREATE MACRO pgf_txid_current() AS 1::BIGINT;
CREATE MACRO pgf_pg_postmaster_start_time() AS now();
CREATE MACRO pgf_pg_conf_load_time() AS now();
