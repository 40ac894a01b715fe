/*---
name: session-statements
title: Statements of a session
topic: users
question: What was sent in this session, in order?
how_to_read: Every line in the order of the server, the sign-in first. error is what the server answered; a statement that pgaudit had logged before it failed is one row.
parameters:
  session: { type: text, required: true, example: 6b05c408.45db, help: "Session id, as in the column session_id of other answers." }
  server: { type: text, default: null, help: "Server; all unless given." }
---*/
SELECT
  event_time,
  server,
  statement_id,
  class,
  command,
  row_count,
  sqlstate,
  message AS error,
  coalesce(sql_text, normalized) AS statement,
  parameters,
  user_name,
  client
FROM activity
WHERE session_id = $session
  AND ($server::VARCHAR IS NULL OR server = lower($server))
UNION ALL
SELECT
  event_time, server, NULL, NULL, 'sign-in', NULL, sqlstate, CASE WHEN outcome <> 'success' THEN concat_ws(', ', outcome, reason) END,
  concat_ws(' ', 'to', database_name, 'with', application, 'by', method), NULL, user_name, client
FROM sign_ins
WHERE session_id = $session
  AND ($server::VARCHAR IS NULL OR server = lower($server))
ORDER BY event_time, statement_id NULLS FIRST, command, statement
