/*---
name: settings-changed
title: Changed settings
topic: privileges
question: Which settings were changed, where, and by whom?
how_to_read: The newest first. Scope server is a change of the server parameters, of which the log does not say who made it; role, database and system are changes that stay, session ones are shown where they weaken logging or protection.
parameters:
  server: { type: text, default: null, help: "Server; all unless given." }
  since: { type: time, default: 30d, help: "First moment (UTC), or so long before the newest event." }
  until: { type: time, default: 0s, help: "First moment (UTC) that is left out; past the newest event unless given." }
---*/
WITH said AS (
  SELECT event_time, record_id, server, user_name, client, application, ok, message, unnest(settings) AS setting
  FROM activity
  WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
    AND ($server::VARCHAR IS NULL OR server = lower($server))
    AND len(settings) > 0
    AND NOT is_platform
)
SELECT
  event_time,
  server,
  setting.scope AS scope,
  setting.name AS setting,
  setting.value AS value,
  ok,
  user_name AS by_user,
  client AS from_client,
  application AS with_application,
  message AS error
FROM said
WHERE setting.scope NOT IN ('session', 'local')
  OR regexp_matches(setting.name, '^(pgaudit[.]|log_|session_replication_role$|role$|session_authorization$|session_preload|local_preload)')
UNION ALL
SELECT event_time, server, 'server', parameter, value, true, NULL, NULL, NULL, NULL
FROM setting_changes
WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
  AND ($server::VARCHAR IS NULL OR server = lower($server))
ORDER BY event_time DESC, server, setting, value, by_user
