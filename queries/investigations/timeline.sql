/*---
name: timeline
title: Time line around a moment
topic: alerts
question: What happened on the server around this moment?
how_to_read: Sign-ins, statements, errors, changed settings and alerts in one order. Statements of a session that differ in literals only, within the same second, are one row; event_time is that of the first.
parameters:
  moment: { type: time, default: 0s, example: "2026-11-24T17:06:29", help: "That moment (UTC), or so long before the newest event." }
  seconds: { type: number, default: 60, example: 1, help: "Seconds before and after it." }
  user: { type: text, default: null, help: "User; all unless given." }
  server: { type: text, default: null, help: "Server; all unless given." }
---*/
WITH acts AS (
  SELECT event_time, record_id, server, user_name, client, session_id, ok, command, sqlstate, message, row_count, normalized
  FROM activity
  WHERE event_time >= $moment::TIMESTAMP - to_seconds($seconds::BIGINT) AND event_time <= $moment::TIMESTAMP + to_seconds($seconds::BIGINT)
    AND ($server::VARCHAR IS NULL OR server = lower($server))
    AND ($user::VARCHAR IS NULL OR user_name = $user)
    AND NOT is_platform
), entries AS (
  SELECT
    min(event_time) AS event_time, min(record_id) AS record_id, server, CASE WHEN ok THEN 'statement' ELSE 'error' END AS what,
    user_name, client, count(*) AS times, sum(row_count) AS row_count,
    CASE WHEN ok THEN coalesce(normalized, command) ELSE concat_ws(': ', concat_ws(' ', sqlstate, message), normalized) END AS detail,
    session_id
  FROM acts
  GROUP BY server, user_name, client, session_id, ok, command, sqlstate, message, normalized, date_trunc('second', event_time)
  UNION ALL
  SELECT
    event_time, record_id, server, 'sign-in', user_name, client, 1, NULL,
    concat_ws(', ', outcome, reason, method, application), session_id
  FROM sign_ins
  WHERE event_time >= $moment::TIMESTAMP - to_seconds($seconds::BIGINT) AND event_time <= $moment::TIMESTAMP + to_seconds($seconds::BIGINT)
    AND ($server::VARCHAR IS NULL OR server = lower($server))
    AND ($user::VARCHAR IS NULL OR user_name = $user)
    AND NOT is_platform
  UNION ALL
  SELECT event_time, record_id, server, 'setting', NULL, NULL, 1, NULL, concat(parameter, ' = ', coalesce(value, 'its default')), NULL
  FROM setting_changes
  WHERE event_time >= $moment::TIMESTAMP - to_seconds($seconds::BIGINT) AND event_time <= $moment::TIMESTAMP + to_seconds($seconds::BIGINT)
    AND ($server::VARCHAR IS NULL OR server = lower($server))
  UNION ALL
  SELECT
    first_seen, NULL, server, 'alert', user_name, client, evidence_count, NULL,
    concat(severity, ' ', detector, ': ', summary), NULL
  FROM alerts
  WHERE first_seen >= $moment::TIMESTAMP - to_seconds($seconds::BIGINT) AND first_seen <= $moment::TIMESTAMP + to_seconds($seconds::BIGINT)
    AND ($server::VARCHAR IS NULL OR server = lower($server))
    AND ($user::VARCHAR IS NULL OR user_name = $user)
)
SELECT event_time, server, what, user_name, client, times, row_count, detail, session_id
FROM entries
ORDER BY event_time, record_id NULLS LAST, what, detail
