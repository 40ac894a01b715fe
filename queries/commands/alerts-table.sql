-- What of an alert fits a terminal. What was sent to nobody is for those who ask for it.
SELECT
  strftime(first_seen, '%Y-%m-%d %H:%M:%S') AS first_seen,
  severity,
  status,
  detector,
  server,
  evidence_count AS count,
  summary,
  alert_id AS id
FROM alerts
WHERE CASE
    WHEN $statuses IS NULL THEN status NOT IN ('shadow', 'allowed', 'suppressed', 'held')
    ELSE list_contains($statuses::VARCHAR[], status)
  END
  AND ($severities IS NULL OR list_contains($severities::VARCHAR[], severity))
  AND ($detector IS NULL OR detector = $detector OR detector_name = $detector)
  AND ($server IS NULL OR server = $server)
  AND ($since IS NULL OR last_seen >= $since)
ORDER BY first_seen DESC, alert_id
LIMIT $limit
