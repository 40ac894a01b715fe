/*---
name: user-alerts
title: Alerts of a user
topic: alerts
question: Which alerts concern this user, and what is behind each?
how_to_read: Alerts in the order of their first event, one row for each session behind it; summary is its latest evidence, statements are up to five of them. An alert counts when the user is named by it or by its evidence.
parameters:
  user: { type: text, required: true, example: svc_crm, help: "Role." }
  server: { type: text, default: null, help: "Server; all unless given." }
  since: { type: time, default: 30d, help: "First moment (UTC), or so long before the newest event." }
  until: { type: time, default: 0s, help: "First moment (UTC) that is left out; past the newest event unless given." }
---*/
SELECT
  a.first_seen,
  a.severity,
  a.detector,
  a.title,
  a.status,
  a.server,
  e.client,
  count(*) AS evidence,
  min(e.event_time) AS first_event,
  max(e.event_time) AS last_event,
  arg_max(e.summary, (e.event_time, e.record_id)) AS summary,
  list_sort(list(DISTINCT e.normalized) FILTER (e.normalized IS NOT NULL))[1:5] AS statements,
  e.session_id,
  a.alert_id
FROM alerts a
JOIN evidence e ON e.alert_id = a.alert_id
WHERE e.event_time >= $since::TIMESTAMP AND e.event_time < $until::TIMESTAMP
  AND ($server::VARCHAR IS NULL OR e.server = lower($server))
  AND (e.user_name = $user OR a.user_name = $user)
GROUP BY a.first_seen, a.severity, a.detector, a.title, a.status, a.server, a.alert_id, e.client, e.session_id
ORDER BY a.first_seen, a.alert_id, first_event, e.session_id, e.client
