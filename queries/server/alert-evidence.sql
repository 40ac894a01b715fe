-- The first events behind an alert.
SELECT
  record_id,
  event_time,
  session_id,
  user_name AS user,
  nullif(client, '[local]') AS client,
  summary,
  left(normalized, 10000) AS statement
FROM evidence
WHERE alert_id = $id
ORDER BY event_time, record_id
LIMIT 200
