-- What of it fits a terminal.
SELECT
  strftime(coalesce(a.started_at, d.created_at), '%Y-%m-%d %H:%M:%S') AS time,
  d.channel,
  d.type,
  d.state,
  a.attempt AS try,
  a.status,
  a.latency_ms AS ms,
  left(a.body_sha256, 12) AS body,
  d.alert_id AS alert,
  a.error
FROM deliveries d
LEFT JOIN delivery_attempts a ON a.delivery_id = d.delivery_id
WHERE ($channel IS NULL OR d.channel = $channel)
  AND ($state IS NULL OR d.state = $state)
  AND ($alert IS NULL OR starts_with(d.alert_id, $alert))
ORDER BY coalesce(a.started_at, d.created_at) DESC, d.delivery_id, a.attempt DESC
LIMIT $limit
