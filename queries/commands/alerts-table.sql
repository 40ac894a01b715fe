-- What of an alert fits a terminal. What was sent to nobody is for those who ask for it: the other formats have it.
SELECT
  strftime(first_seen, '%Y-%m-%d %H:%M:%S') AS first_seen,
  severity,
  detector,
  server,
  evidence_count AS count,
  summary,
  alert_id AS id
FROM alerts
WHERE status NOT IN ('shadow', 'allowed', 'suppressed', 'held')
ORDER BY first_seen DESC, alert_id
LIMIT $limit
