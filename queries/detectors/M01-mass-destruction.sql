/*---
id: M01
name: impact.mass_destruction
title: Mass DROP or TRUNCATE, or DELETE and UPDATE of whole tables
why: What is dropped, emptied or overwritten as a whole comes back only from a restore; applications change rows by a condition and drop little, while an intruder destroys to do harm, to extort or to cover tracks.
severity: high
risk: 80
tactic: impact
attack: [T1485, T1565.001]
denied_attempts: true
quiet: 1h
window: 2 * $window
requires:
  - pgaudit.log with ddl and write
  - log_min_error_statement = error (names what was refused)
parameters:
  window: { type: duration, default: 10m, help: Time in which dropped and emptied tables are counted. }
  min_objects: { type: number, default: 5, min: 2, max: 1000, help: "Different tables dropped or truncated by one user from one address, or that it was refused to drop." }
  min_rows: { type: number, default: 1000, min: 1, max: 1000000000, help: Rows of a DELETE or UPDATE without WHERE (needs pgaudit.log_rows). }
  ignore: { type: string, default: '(^|[._"])(tmp|temp|stg|staging|stage|import|cache)(_|[."]|$)|_p?[0-9]{4,8}"?$', help: Regular expression over names of tables that come and go by design. }
  learned_days: { type: number, default: 3, min: 1, max: 60, help: "One who dropped, or emptied, as many tables on so many earlier days is ordinary, as is a DELETE or UPDATE that the user sent on so many." }
false_positives:
  - A test database that is dropped and made again, or a warehouse that is loaded anew each night. What alerts is never learned; allow it with pgvigil allow, or add the tables to ignore.
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
    a.statement_hash, a.fingerprint, a.row_count, a.kinds, coalesce(a.flags, []) AS flags,
    -- DDL names the schema, the parser only where the statement does: public.orders and orders are one table.
    list_transform(
      CASE WHEN a.ok AND nullif(a.object_name, '') IS NOT NULL THEN [lower(a.object_name)] ELSE a.relations_written END,
      lambda o: regexp_replace(o, '^public\.', '')
    ) AS objects,
    -- Refused without an AUDIT line: pgaudit logs a DROP when it is done.
    NOT a.ok AND a.audit_type IS NULL AS denied,
    CASE
      WHEN list_contains(a.flags, 'drop_db') THEN concat('the database ', a.target)
      WHEN list_contains(a.flags, 'drop_owned') THEN concat('all that ', a.target, ' owns')
      WHEN a.sql_text IS NULL AND a.message = 'permission denied to drop objects' THEN 'all that a role owns'
      -- Of what a DROP empties only a schema is no relation.
      WHEN list_contains(a.flags, 'drop_data') AND list_contains(a.kinds, 'DropStmt') AND len(a.relations_written) = 0
        THEN concat('the schema ', a.target)
    END AS whole,
    coalesce(
      CASE WHEN list_contains(a.flags, 'update') AND NOT list_contains(a.flags, 'drop_data') THEN own.made ELSE own.created END,
      []
    ) AS own_relations
  FROM notable_activity a
  LEFT JOIN own ON own.server = a.server AND own.session_id = a.session_id
  -- One that pgaudit logged ran. That the failure is its own and not that of a repetition cannot be proven.
  WHERE (a.ok OR a.audit_type IS NOT NULL OR a.sqlstate = '42501')
    AND a.event_time > $since - 2 * $window
    AND a.event_time <= $until
    AND NOT a.is_platform
    AND (a.substatement_id IS NOT NULL OR a.sqlstate = '42501')
    -- What a DO block does has rows of its own, unless it failed. One that stands before other statements hides none of them.
    AND (a.kinds <> ['DoStmt'] OR NOT a.ok)
    -- A DROP logs a row for each constraint, index, default and view that goes with the table; tables are what counts.
    AND (NOT a.ok OR coalesce(a.object_type, '') IN ('', 'TABLE'))
    AND (
      list_has_any(a.flags, ['drop_data', 'drop_db', 'drop_owned', 'truncate', 'dml_no_where'])
      -- Where the server does not ship the statement, only DROP OWNED is told from an ALTER by its refusal.
      OR (a.sql_text IS NULL AND a.message = 'permission denied to drop objects')
    )
), hits AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
    denied, whole,
    unnest(
      CASE
        WHEN denied AND whole IS NOT NULL THEN [whole]
        WHEN list_has_any(flags, ['drop_db', 'drop_owned']) THEN ['*']
        ELSE list_filter(
          objects,
          lambda o: NOT regexp_matches(o, $ignore) AND NOT list_contains(own_relations, regexp_replace(o, '^.*\.', ''))
        )
      END
    ) AS object,
    list_has_any(flags, ['drop_db', 'drop_owned']) OR denied AND whole IS NOT NULL AS whole_database,
    -- Each row of a string of several statements has the flags of all.
    kinds = ['TruncateStmt'] AS emptied,
    fingerprint,
    list_contains(flags, 'dml_no_where') AND NOT list_contains(flags, 'drop_data') AS unbounded,
    row_count
  FROM events
  WHERE NOT list_contains(flags, 'dml_no_where')
    OR list_contains(flags, 'drop_data')
    -- How much a DELETE took is unknown without log_rows; an UPDATE gets the benefit of the doubt. One that was refused took
    -- nothing, see P08.
    OR NOT denied AND coalesce(row_count, CASE WHEN list_contains(flags, 'delete') THEN $min_rows ELSE 0 END) >= $min_rows
), counted AS (
  SELECT
    *,
    count(DISTINCT object) FILTER (NOT unbounded) OVER (
      PARTITION BY server, user_name, client, denied ORDER BY event_time RANGE BETWEEN $window PRECEDING AND CURRENT ROW
    ) AS destroyed
  FROM hits
), peaks AS (
  SELECT
    *,
    max(destroyed) OVER (
      PARTITION BY server, user_name, client, denied ORDER BY event_time RANGE BETWEEN CURRENT ROW AND $window FOLLOWING
    ) AS peak
  FROM counted
), suspects AS (
  SELECT DISTINCT ON (record_id) *
  FROM peaks
  WHERE whole_database OR unbounded OR peak >= $min_objects
), questions AS (
  SELECT DISTINCT server, user_name, event_time::DATE AS day FROM suspects
), habits AS (
  SELECT
    q.server, q.user_name, q.day, k.day AS earlier,
    coalesce(sum(k.n) FILTER (k.value = 'truncate'), 0) AS emptied,
    coalesce(sum(k.n) FILTER (k.value = 'drop_data'), 0) - coalesce(sum(k.n) FILTER (k.value = 'truncate'), 0) AS dropped,
    count(*) FILTER (k.value IN ('drop_db', 'drop_owned')) AS databases
  FROM questions q
  JOIN known_values k
    ON k.server = q.server AND k.dimension = 'user_flag' AND k.entity = q.user_name
      AND k.value IN ('drop_data', 'drop_db', 'drop_owned', 'truncate')
      AND q.day BETWEEN k.known_from AND k.known_until
  GROUP BY ALL
), usual AS (
  -- One who empties a staging table every night is not known for dropping, nor for emptying them all.
  SELECT
    q.server, q.user_name, q.day, q.peak,
    count(*) FILTER (h.emptied >= q.peak) >= $learned_days AS empties,
    count(*) FILTER (h.dropped >= q.peak) >= $learned_days AS drops,
    count(*) FILTER (h.databases > 0) >= $learned_days AS drops_databases
  FROM (SELECT DISTINCT server, user_name, event_time::DATE AS day, peak FROM suspects) q
  JOIN habits h ON h.server = q.server AND h.user_name = q.user_name AND h.day = q.day
  GROUP BY ALL
), shapes AS (
  SELECT q.server, q.user_name, q.fingerprint, q.day
  FROM (SELECT DISTINCT server, user_name, fingerprint, event_time::DATE AS day FROM suspects WHERE unbounded) q
  JOIN known_values k
    ON k.server = q.server AND k.dimension = 'user_fingerprint' AND k.entity = q.user_name AND k.value = q.fingerprint
      AND q.day BETWEEN k.known_from AND k.known_until
  GROUP BY ALL
  HAVING count(*) >= $learned_days
)
SELECT
  s.record_id, s.event_time, s.server, s.session_id, s.user_name, s.client, s.database_name, s.application, s.statement_hash,
  concat(coalesce(s.user_name, 'unknown'), '@', coalesce(s.client, 'unknown')) AS entity,
  -- A single one may be meant for another server.
  CASE WHEN denied AND s.peak = 1 THEN 'medium' ELSE 'high' END AS severity,
  concat(
    coalesce(s.user_name, 'unknown user'),
    CASE
      WHEN denied AND whole_database THEN concat(' was refused to drop ', whole)
      WHEN denied THEN concat(' was refused to drop or empty ', destroyed, ' tables')
      WHEN whole_database THEN ' dropped a database, or all that a role owned'
      WHEN unbounded THEN concat(' changed or deleted every row of ', object, coalesce(concat(' (', row_count, ' rows)'), ''))
      ELSE concat(' dropped or emptied ', destroyed, ' tables')
    END
  ) AS summary,
  CASE WHEN unbounded THEN coalesce(row_count, 0) ELSE destroyed END AS observed,
  CASE WHEN unbounded THEN $min_rows WHEN whole_database THEN 1 ELSE $min_objects END AS threshold
FROM suspects s
LEFT JOIN usual u
  ON u.server = s.server AND u.user_name = s.user_name AND u.day = s.event_time::DATE AND u.peak = s.peak
LEFT JOIN shapes f
  ON f.server = s.server AND f.user_name = s.user_name AND f.fingerprint = s.fingerprint AND f.day = s.event_time::DATE
WHERE NOT coalesce(
  CASE
    WHEN s.denied THEN false
    WHEN s.whole_database THEN u.drops_databases
    WHEN s.unbounded THEN f.day IS NOT NULL
    WHEN s.emptied THEN u.empties
    ELSE u.drops
  END,
  false
)
