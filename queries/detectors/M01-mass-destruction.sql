/*---
id: M01
name: impact.mass_destruction
title: Mass DROP or TRUNCATE, or DELETE and UPDATE of whole tables
severity: high
risk: 80
tactic: impact
attack: [T1485, T1565.001]
quiet: 1h
window: 2 * $window
requires:
  - pgaudit.log with ddl and write
parameters:
  window: { type: duration, default: 10m, help: Time in which dropped and emptied tables are counted. }
  min_objects: { type: number, default: 5, min: 2, max: 1000, help: Different tables dropped or truncated by one user from one address. }
  min_rows: { type: number, default: 1000, min: 1, max: 1000000000, help: Rows of a DELETE or UPDATE without WHERE (needs pgaudit.log_rows). }
  ignore: { type: string, default: '(^|[._"])(tmp|temp|stg|staging|stage|import|cache)(_|[."]|$)|_p?[0-9]{4,8}"?$', help: Regular expression over names of tables that come and go by design. }
  learned_days: { type: number, default: 3, min: 1, max: 60, help: A user who did so on this many earlier days is ordinary. }
false_positives:
  - A test database that is dropped and made again.
  - A migration that rewrites a table it has just altered, or drops what it has just created, is not reported.
runbook:
  - Stop the account now - pg_terminate_backend and NOLOGIN.
  - Note the time of the first statement. Point-in-time restore goes to just before it.
  - Look for a ransom note (detector M02) and for an export before it (detector X01).
---*/
WITH made AS (
  SELECT
    server, session_id, regexp_replace(unnest(relations_written), '^.*\.', '') AS relation,
    list_has_any(kinds, ['CreateStmt', 'CreateTableAsStmt']) AS created
  FROM notable_activity
  WHERE ok AND event_time > $since - INTERVAL 1 DAY AND event_time <= $until
    AND list_has_any(kinds, ['CreateStmt', 'CreateTableAsStmt', 'AlterTableStmt'])
), own AS (
  -- A session may destroy what it created. What it altered it may rewrite (a new column is filled), not drop.
  SELECT
    server, session_id,
    list(relation) FILTER (created) AS created,
    list(relation) AS made
  FROM made
  GROUP BY ALL
), events AS (
  SELECT
    a.record_id, a.event_time, a.server, a.session_id, a.user_name, a.client, a.database_name, a.application,
    a.statement_hash, a.row_count, a.kinds, a.flags,
    -- DDL names the schema, the parser only where the statement does: public.orders and orders are one table.
    list_transform(
      CASE WHEN a.ok AND nullif(a.object_name, '') IS NOT NULL THEN [lower(a.object_name)] ELSE a.relations_written END,
      lambda o: regexp_replace(o, '^public\.', '')
    ) AS objects,
    coalesce(
      CASE WHEN list_contains(a.flags, 'update') AND NOT list_contains(a.flags, 'drop_data') THEN own.made ELSE own.created END,
      []
    ) AS own_relations
  FROM notable_activity a
  LEFT JOIN own ON own.server = a.server AND own.session_id = a.session_id
  -- One that pgaudit logged ran. That the failure is its own and not that of a repetition cannot be proven.
  WHERE (a.ok OR a.audit_type IS NOT NULL)
    AND a.event_time > $since - 2 * $window
    AND a.event_time <= $until
    AND NOT a.is_platform
    AND a.substatement_id IS NOT NULL
    -- What a DO block does has rows of its own.
    AND NOT list_contains(a.flags, 'do_block')
    -- A DROP logs a row for each constraint, index, default and view that goes with the table; tables are what counts.
    AND (NOT a.ok OR coalesce(a.object_type, '') IN ('', 'TABLE'))
    AND list_has_any(a.flags, ['drop_data', 'drop_db', 'drop_owned', 'truncate', 'dml_no_where'])
), hits AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
    unnest(
      CASE
        WHEN list_has_any(flags, ['drop_db', 'drop_owned']) THEN ['*']
        ELSE list_filter(
          objects,
          lambda o: NOT regexp_matches(o, $ignore) AND NOT list_contains(own_relations, regexp_replace(o, '^.*\.', ''))
        )
      END
    ) AS object,
    list_has_any(flags, ['drop_db', 'drop_owned']) AS whole_database,
    list_contains(flags, 'dml_no_where') AND NOT list_contains(flags, 'drop_data') AS unbounded,
    row_count
  FROM events
  WHERE NOT list_contains(flags, 'dml_no_where')
    OR list_contains(flags, 'drop_data')
    -- How much a DELETE took is unknown without log_rows; an UPDATE gets the benefit of the doubt.
    OR coalesce(row_count, CASE WHEN list_contains(flags, 'delete') THEN $min_rows ELSE 0 END) >= $min_rows
), counted AS (
  SELECT
    *,
    count(DISTINCT object) FILTER (NOT unbounded) OVER (
      PARTITION BY server, user_name, client ORDER BY event_time RANGE BETWEEN $window PRECEDING AND CURRENT ROW
    ) AS destroyed
  FROM hits
), peaks AS (
  SELECT
    *,
    max(destroyed) OVER (
      PARTITION BY server, user_name, client ORDER BY event_time RANGE BETWEEN CURRENT ROW AND $window FOLLOWING
    ) AS peak
  FROM counted
), suspects AS (
  SELECT DISTINCT ON (record_id) *
  FROM peaks
  WHERE whole_database OR unbounded OR peak >= $min_objects
), learned AS (
  SELECT a.server, a.user_name, a.event_time::DATE AS day
  FROM notable_activity a
  SEMI JOIN suspects s ON s.server = a.server AND s.user_name = a.user_name
  WHERE a.ok AND list_has_any(a.flags, ['drop_data', 'drop_db', 'drop_owned', 'truncate'])
  GROUP BY ALL
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  concat(
    coalesce(user_name, 'unknown user'),
    CASE
      WHEN whole_database THEN ' dropped a database, or all that a role owned'
      WHEN unbounded THEN concat(' changed or deleted every row of ', object, coalesce(concat(' (', row_count, ' rows)'), ''))
      ELSE concat(' dropped or emptied ', destroyed, ' tables')
    END
  ) AS summary,
  CASE WHEN unbounded THEN coalesce(row_count, 0) ELSE destroyed END AS observed,
  CASE WHEN unbounded THEN $min_rows WHEN whole_database THEN 1 ELSE $min_objects END AS threshold
FROM suspects s
WHERE (
  SELECT count(*) FROM learned l
  WHERE l.server = s.server AND l.user_name = s.user_name AND l.day < s.event_time::DATE
) < $learned_days
