/*---
name: table-access
title: Who read or changed a table
topic: data
question: Who read or changed this table, from where and how often?
how_to_read: One row for each user, client and application, the last to touch it first; example is their latest statement. A name without its schema in a statement counts, as the log does not say which schema it meant; a view hides its tables unless pgaudit.log_relation is on, and then a statement counts once for each relation.
parameters:
  table: { type: text, required: true, example: hr.salaries, help: "Table or view, with or without its schema." }
  server: { type: text, default: null, help: "Server; all unless given." }
  since: { type: time, default: 7d, help: "First moment (UTC), or so long before the newest event." }
  until: { type: time, default: 0s, help: "First moment (UTC) that is left out; past the newest event unless given." }
---*/
WITH named AS MATERIALIZED (
  -- Which statements name it is asked of their texts, which are fewer than what was sent.
  SELECT template_id, any_value(len(list_filter(relations_written, lambda r: r = $table OR ends_with(r, '.' || $table) OR ends_with($table, '.' || r))) > 0) AS is_change
  FROM statements
  WHERE len(list_filter(list_concat(relations_read, relations_written), lambda r: r = $table OR ends_with(r, '.' || $table) OR ends_with($table, '.' || r))) > 0
  GROUP BY template_id
), uses AS (
  SELECT
    a.record_id, a.event_time, a.server, a.user_name, a.client, a.application, a.database_name, a.ok, a.row_count, a.normalized,
    coalesce(n.is_change, a.class = 'WRITE') AS is_change
  FROM activity a
  LEFT JOIN named n ON n.template_id = a.template_id
  WHERE a.event_time >= $since::TIMESTAMP AND a.event_time < $until::TIMESTAMP
    AND ($server::VARCHAR IS NULL OR a.server = lower($server))
    AND NOT a.is_platform
    AND (n.template_id IS NOT NULL OR a.object_name = $table OR ends_with(a.object_name, '.' || $table))
)
SELECT
  server,
  database_name,
  user_name,
  client,
  application,
  count(*) FILTER (ok AND NOT is_change) AS reads,
  sum(row_count) FILTER (ok AND NOT is_change) AS rows_read,
  count(*) FILTER (ok AND is_change) AS changes,
  sum(row_count) FILTER (ok AND is_change) AS rows_changed,
  count(*) FILTER (NOT ok) AS failed,
  min(event_time) AS first_time,
  max(event_time) AS last_time,
  arg_max(normalized, (event_time, record_id)) AS example
FROM uses
GROUP BY server, database_name, user_name, client, application
ORDER BY last_time DESC, server, database_name, user_name, client, application
