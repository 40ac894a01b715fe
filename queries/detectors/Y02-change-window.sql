/*---
id: Y02
name: policy.change_window
title: Schema changed outside of the change window
why: Planned changes of the schema are made in the window; one outside of it was not planned for it, and a function, trigger or table that an intruder leaves behind looks like any other DDL.
severity: medium
risk: 35
tactic: persistence
attack: [T1505]
mode: off
quiet: 1h
requires:
  - pgaudit.log with ddl
parameters:
  days: { type: strings, default: [], help: "Days (UTC) on which a window begins: mon, tue, wed, thu, fri, sat, sun. Without them nothing is reported." }
  from_hour: { type: number, default: 0, min: 0, max: 24, help: "Hour of the day (UTC) at which the window begins, 22.5 for 22:30." }
  to_hour: { type: number, default: 24, min: 0, max: 24, help: "Hour (UTC) at which it ends. Not later than from_hour means on the next day." }
  classes: { type: strings, default: [DDL], help: Classes of pgaudit that are changes. Add ROLE for roles and rights. }
  exempt: { type: strings, default: [], help: "Roles that may change the schema at any time, for example of pg_partman." }
false_positives:
  - Partitions and staging tables that a job makes in its ordinary work. Name its role in `exempt`.
  - Temporary tables where pgaudit does not name the object, for example their DROP TABLE.
  - An urgent repair.
runbook:
  - Ask the person behind the account for the ticket of the change.
  - Read what was changed - pgvigil query "SELECT event_time, command, object_name, normalized FROM activity WHERE session_id = '<session>' AND class = 'DDL'".
  - If nobody knows of it, treat the account as taken over. Look at functions, triggers and grants that the session made.
---*/
WITH changes AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash, command,
    object_name,
    hour(event_time) + minute(event_time) / 60.0 AS at_hour,
    lower(left(dayname(event_time), 3)) AS today,
    lower(left(dayname(event_time - to_days(1)), 3)) AS yesterday,
    list_transform($days, lambda day: lower(left(trim(day), 3))) AS open_days
  FROM activity
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    AND len($days) > 0
    -- What pgaudit logged ran, also where it failed in the end.
    AND list_contains($classes, class)
    AND NOT list_contains($exempt, coalesce(user_name, ''))
    -- Upkeep changes no schema.
    AND coalesce(command, '') NOT IN ('REFRESH MATERIALIZED VIEW', 'REINDEX')
    AND NOT starts_with(coalesce(object_name, ''), 'pg_temp')
    AND NOT (list_contains(flags, 'temp') AND statement_count = 1)
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  concat(
    coalesce(user_name, 'unknown user'), ' ran ', coalesce(command, 'DDL'), ' ' || nullif(left(object_name, 100), ''),
    ' on ', today, ' at ', strftime(event_time, '%H:%M'), ' UTC, outside of the change window'
  ) AS summary
FROM changes
WHERE NOT CASE
  WHEN $from_hour < $to_hour THEN list_contains(open_days, today) AND at_hour >= $from_hour AND at_hour < $to_hour
  ELSE (list_contains(open_days, today) AND at_hour >= $from_hour) OR (list_contains(open_days, yesterday) AND at_hour < $to_hour)
END
