/*---
id: X01
name: exfil.bulk_dump
title: Bulk export of tables
severity: high
risk: 70
tactic: collection
attack: [T1213.006, T1119, T1048]
quiet: 1h
window: 2 * $window
requires:
  - pgaudit.log with read and misc
parameters:
  window: { type: duration, default: 30m, help: Time in which exported tables are counted. }
  min_exports: { type: number, default: 5, min: 2, max: 1000, help: Different tables or queries copied out by one user from one address. }
  dumpers: { type: strings, default: [], help: Roles whose dumps are expected from any address. }
  learning: { type: duration, default: 1d, help: A dump account that shows up this early in a server's history counts as known. }
false_positives:
  - A logical backup by a role that does nothing but dump, always from the same address, is known and not reported. A new address, or any other use of the role, makes it a finding again.
  - Copies of a database for development, or a migration service.
runbook:
  - Ask the owner of the account whether the export was meant.
  - Look at where the client address belongs. The data has left to it.
  - End the sessions and change the password of the account.
  - List what was taken - pgvigil query "SELECT DISTINCT unnest(relations_read) FROM activity WHERE session_id = '<session>'".
---*/
WITH exports AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
    CASE
      WHEN list_contains(flags, 'copy_stdout') THEN coalesce(nullif(array_to_string(relations_read, '+'), ''), statement_hash)
      WHEN list_contains(flags, 'pg_dump_cursor') THEN coalesce(nullif(array_to_string(relations_read, '+'), ''), statement_hash)
    END AS export
  FROM notable_activity
  WHERE event_time > $since - 2 * $window
    AND event_time <= $until
    -- One that pgaudit logged ran: what it sent before it failed, or was made to fail, has left.
    AND (ok OR audit_type IS NOT NULL)
    AND NOT is_platform
    AND list_has_any(flags, ['copy_stdout', 'pg_dump_cursor'])
), counted AS (
  SELECT
    *,
    count(DISTINCT export) OVER (
      PARTITION BY server, user_name, client ORDER BY event_time RANGE BETWEEN $window PRECEDING AND CURRENT ROW
    ) AS exported
  FROM exports
), peaks AS (
  SELECT
    *,
    max(exported) OVER (
      PARTITION BY server, user_name, client ORDER BY event_time RANGE BETWEEN CURRENT ROW AND $window FOLLOWING
    ) AS peak
  FROM counted
), suspects AS (
  SELECT * FROM peaks WHERE peak >= $min_exports AND NOT list_contains($dumpers, coalesce(user_name, ''))
), first_day AS (
  SELECT server, min(started_at) AS began FROM sessions GROUP BY server
), signed_in AS (
  SELECT s.server, s.user_name, s.client, s.started_at,
         coalesce(regexp_matches(s.application, '^pg_(dump|dumpall|restore)$'), false) AS dumping
  FROM sessions s
  SEMI JOIN suspects x ON x.server = s.server AND x.user_name = s.user_name
  WHERE s.outcome = 'signed_in'
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  concat(
    coalesce(user_name, 'unknown user'), ' copied ', exported,
    CASE exported WHEN 1 THEN ' table or query' ELSE ' tables or queries' END,
    ' out to ', coalesce(client, 'an unknown address')
  ) AS summary,
  exported AS observed,
  $min_exports AS threshold
FROM suspects x
-- A dump account: so far it did nothing but dump, from this one address, since the server's first days.
WHERE EXISTS (
    SELECT 1 FROM signed_in s
    WHERE s.server = x.server AND s.user_name = x.user_name AND s.started_at <= x.event_time
      AND (NOT s.dumping OR s.client IS DISTINCT FROM x.client)
  )
  OR NOT EXISTS (
    SELECT 1 FROM signed_in s JOIN first_day f ON f.server = s.server
    WHERE s.server = x.server AND s.user_name = x.user_name AND s.started_at <= f.began + $learning
  )
