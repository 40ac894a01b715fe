/*---
name: dormant-accounts
title: Dormant accounts
topic: posture
question: Which accounts have not signed in for a long time?
how_to_read: "The longest absent first. An account that nobody uses is one that nobody misses when it is misused: lock it. Accounts that never signed in while the server was watched are not here, as the log does not list roles."
parameters:
  days: { type: number, default: 30, help: "Days without a sign-in at least." }
  server: { type: text, default: null, help: "Server; all unless given." }
  until: { type: time, default: 0s, example: 2027-01-15, help: "Day (UTC) at which it is asked; that of the newest event unless given." }
---*/
SELECT
  server,
  user_name,
  max(event_time) AS last_sign_in,
  date_diff('day', max(event_time), $until::TIMESTAMP) AS days_ago,
  arg_max(client, (event_time, record_id)) AS last_client,
  arg_max(application, (event_time, record_id)) AS last_application,
  count(*) AS sign_ins,
  min(event_time) AS first_sign_in
FROM sign_ins
WHERE event_time < $until::TIMESTAMP
  AND ($server::VARCHAR IS NULL OR server = lower($server))
  AND outcome = 'success'
  AND NOT is_platform
GROUP BY server, user_name
HAVING max(event_time) < $until::TIMESTAMP - to_days($days::INTEGER)
ORDER BY last_sign_in, server, user_name
