/*---
id: R01
name: disc.catalog_recon
title: Reconnaissance through catalogs
why: Applications know their tables and have no use for lists of roles, rights and settings; somebody who has just come in has to find out what is there, who may do what, and which rights lead further.
severity: medium
risk: 40
tactic: discovery
attack: [T1082, T1087, T1213.006]
quiet: 4h
window: 2 * $window
requires:
  - pgaudit.log with read
  - pgaudit.log_catalog = on
parameters:
  window: { type: duration, default: 10m, help: Time in which catalogs and functions are counted. }
  min_telling: { type: number, default: 4, min: 2, max: 100, help: "Different catalogs and functions of the list telling, together with a list of tables or columns. Drivers, mappers and migration tools read one or two." }
  telling:
    type: strings
    default:
      - pg_authid
      - pg_shadow
      - pg_user
      - pg_roles
      - pg_group
      - pg_auth_members
      - pg_database
      - pg_db_role_setting
      - pg_settings
      - pg_file_settings
      - pg_hba_file_rules
      - pg_stat_activity
      - pg_stat_ssl
      - pg_stat_replication
      - pg_replication_slots
      - pg_tablespace
      - pg_language
      - pg_available_extensions
      - pg_foreign_server
      - pg_user_mapping
      - pg_user_mappings
      - pg_publication
      - pg_subscription
      - pg_default_acl
      - pg_policy
      - pg_policies
      - pg_stats
      - information_schema.role_table_grants
      - information_schema.table_privileges
      - information_schema.column_privileges
      - information_schema.role_column_grants
      - information_schema.usage_privileges
      - information_schema.routine_privileges
      - information_schema.applicable_roles
      - information_schema.enabled_roles
      - information_schema.administrable_role_authorizations
      - version
      - inet_server_addr
      - inet_server_port
      - inet_client_addr
      - has_table_privilege
      - has_database_privilege
      - has_schema_privilege
      - has_function_privilege
      - has_any_column_privilege
      - pg_has_role
      - pg_database_size
      - pg_postmaster_start_time
      - pg_stat_file
      - pg_read_file
      - pg_ls_dir
    help: Catalogs and functions that tell of people, rights, settings and the server. What mappers read of tables, columns, types and keys is not in it.
  lists:
    type: strings
    default: [pg_class, pg_tables, pg_attribute, pg_stat_user_tables, pg_stat_all_tables, pg_statio_user_tables, information_schema.tables, information_schema.columns]
    help: Catalogs that list tables or columns.
  tools:
    type: string
    default: '^(psql|pgcli|pg_dump|pg_dumpall|pg_restore|pgadmin|dbeaver|datagrip|intellij|jetbrains|azure ?data ?studio|vscode|visual studio|beekeeper|tableplus|navicat|heidisql|metabase|tableau|grafana|liquibase|flyway|terraform|hasura|prisma|postgres_exporter|pganalyze|pgwatch|pgbadger|datadog|telegraf|zabbix|newrelic|otelcol|debezium)'
    help: Regular expression over application_name of tools whose work it is to read catalogs. The name is written by the client.
  service_users: { type: strings, default: [], help: Roles of applications. No name of a tool excuses them. }
  admin_users: { type: strings, default: [], help: "Roles of administration and monitoring, whose scripts read catalogs under any name." }
false_positives:
  - A monitoring agent or a script of administration without a name of its own. Put its role into admin_users.
  - A tool that is not in the list.
runbook:
  - Ask the owner of the account what looked around. An application knows its tables and has no use for lists of roles and rights.
  - Read the statements - pgvigil query "SELECT event_time, ok, sql_text FROM activity WHERE user_name = '<user>' AND client = '<client>' AND len(catalogs) > 0 ORDER BY event_time".
  - Look at how the account came in (detectors A02, I01) and at what it read after it (detector X01).
  - Put the roles of your applications into service_users, so that nobody hides behind the name of a tool.
---*/
WITH looks AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
    list_intersect(list_concat(catalogs, functions), $telling) AS telling,
    list_has_any(catalogs, $lists) AS lists
  FROM notable_activity
  WHERE event_time > $since - 2 * $window
    AND event_time <= $until
    AND NOT is_platform
    AND (list_has_any(catalogs, $telling) OR list_has_any(functions, $telling) OR list_has_any(catalogs, $lists))
    AND NOT list_contains($admin_users, coalesce(user_name, ''))
    AND (
      list_contains($service_users, coalesce(user_name, ''))
      OR NOT regexp_matches(lower(coalesce(application, '')), $tools)
    )
), items AS (
  SELECT *, unnest(CASE WHEN len(telling) > 0 THEN telling ELSE [NULL] END) AS item
  FROM looks
), broad AS (
  -- Most never come near the threshold, and need no windows.
  SELECT server, user_name, client
  FROM items
  GROUP BY ALL
  HAVING count(DISTINCT item) >= $min_telling AND bool_or(lists)
), counted AS (
  SELECT
    *,
    count(DISTINCT item) OVER recent AS told,
    count(*) FILTER (lists) OVER recent AS listed
  FROM items i
  SEMI JOIN broad b
    ON b.server = i.server AND b.user_name IS NOT DISTINCT FROM i.user_name AND b.client IS NOT DISTINCT FROM i.client
  WINDOW recent AS (
    PARTITION BY server, user_name, client ORDER BY event_time RANGE BETWEEN $window PRECEDING AND CURRENT ROW
  )
), peaks AS (
  SELECT
    *,
    max(CASE WHEN listed > 0 THEN told ELSE 0 END) OVER (
      PARTITION BY server, user_name, client ORDER BY event_time RANGE BETWEEN CURRENT ROW AND $window FOLLOWING
    ) AS peak
  FROM counted
)
-- The rows of one statement differ in the item alone: what is counted ends with all of its time.
SELECT DISTINCT ON (record_id)
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  concat(
    coalesce(user_name, 'unknown user'), ' from ', coalesce(client, 'an unknown address'), ' looked into ', told,
    CASE told WHEN 1 THEN ' catalog or function that tells' ELSE ' catalogs and functions that tell' END,
    ' of roles, rights and settings',
    CASE WHEN listed > 0 THEN ', and listed tables' ELSE '' END
  ) AS summary,
  told AS observed,
  $min_telling AS threshold
FROM peaks
WHERE peak >= $min_telling
