/*---
id: M02
name: impact.ransom_sequence
title: "Ransom pattern: data destroyed, then a note left"
why: Ordinary work leaves no demand for money and no warning beside tables that were dropped or emptied; this is how extortion ends, and as the attacker rarely keeps the data, only a restore brings it back.
severity: critical
risk: 99
tactic: impact
attack: [T1485, T1486, T1657]
quiet: 1h
window: 2 * $window
requires:
  - pgaudit.log with ddl and write
parameters:
  window: { type: duration, default: 60m, help: Time within which destruction and note are seen together. }
false_positives:
  - None expected. Tables called readme or warning do not count without destruction or a demand for money.
runbook:
  - Stop the account now - pg_terminate_backend and NOLOGIN - and close the firewall.
  - Do not pay. The data is rarely kept by the attacker.
  - Note the time of the first DROP. Point-in-time restore goes to just before it.
  - Find the way in - look at sign-ins of the account (detectors A01 to A03) and its earlier sessions.
---*/
WITH events AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash, ok,
    list_has_any(flags, ['drop_data', 'drop_db', 'drop_owned', 'truncate']) OR list_contains(flags, 'dml_no_where') AS destroys,
    list_contains(flags, 'ransom_text') AS demands,
    list_contains(flags, 'ransom_name') AS named,
    list_contains(functions, 'pg_terminate_backend') OR list_contains(functions, 'pg_database_size') AS prepares
  FROM notable_activity
  WHERE event_time > $since - 2 * $window
    AND event_time <= $until
    AND NOT is_platform
    -- A DROP logs a row for each constraint, index and default that goes with the table; tables are what counts.
    AND (NOT ok OR coalesce(object_type, '') IN ('', 'TABLE', 'VIEW', 'MATERIALIZED VIEW', 'FOREIGN TABLE', 'SCHEMA'))
    AND (
      list_has_any(flags, ['drop_data', 'drop_db', 'drop_owned', 'truncate', 'dml_no_where', 'ransom_text', 'ransom_name'])
      OR list_has_any(functions, ['pg_terminate_backend', 'pg_database_size'])
    )
), counted AS (
  SELECT
    *,
    count(*) FILTER (destroys) OVER around AS destroyed,
    count(*) FILTER (demands) OVER around AS demanded,
    count(*) FILTER (named) OVER around AS notes,
    count(*) FILTER (prepares) OVER around AS prepared
  FROM events
  WINDOW around AS (
    PARTITION BY server, user_name, client ORDER BY event_time RANGE BETWEEN $window PRECEDING AND $window FOLLOWING
  )
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  concat(
    coalesce(user_name, 'unknown user'), ' dropped or emptied ', destroyed, CASE destroyed WHEN 1 THEN ' table' ELSE ' tables' END, ' and left a note',
    CASE WHEN demanded > 0 THEN ' that demands money' ELSE '' END
  ) AS summary,
  destroyed AS observed,
  1 AS threshold
FROM counted
WHERE (destroys OR demands OR named)
  AND (
    (destroyed >= 1 AND demanded >= 1)
    OR (destroyed >= 1 AND notes >= 1 AND (prepared >= 1 OR destroyed >= 5))
    OR (demands AND named)
  )
