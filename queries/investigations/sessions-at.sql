/*---
name: sessions-at
title: Sessions at a time
topic: sign-ins
question: Who was connected at this moment?
how_to_read: "The sessions that had begun and not yet ended, the oldest first. ended_at is empty where no disconnection was seen: the session is open, or its last line was lost. session-statements shows what one of them did."
parameters:
  moment: { type: time, default: 0s, example: "2026-11-24T17:06:50", help: "That moment (UTC), or so long before the newest event." }
  server: { type: text, default: null, help: "Server; all unless given." }
---*/
SELECT
  server,
  user_name,
  client,
  application,
  database_name,
  started_at,
  ended_at,
  method,
  tls_version,
  session_id
FROM sessions
WHERE started_at <= $moment::TIMESTAMP
  AND coalesce(ended_at, TIMESTAMP 'infinity') > $moment::TIMESTAMP
  AND outcome IN ('signed_in', 'incomplete')
  AND ($server::VARCHAR IS NULL OR server = lower($server))
  AND NOT is_platform
ORDER BY started_at, server, session_id
