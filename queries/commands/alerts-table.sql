-- What of an alert fits a terminal.
SELECT
  strftime(first_seen, '%Y-%m-%d %H:%M:%S') AS first_seen,
  severity,
  detector,
  server,
  evidence_count AS count,
  summary,
  alert_id AS id
FROM alerts
ORDER BY first_seen DESC, alert_id
LIMIT $limit
