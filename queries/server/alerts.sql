-- A page of alerts, newest first. The names are those of `pgvigil alerts list --format json`.
SELECT
  alert_id AS id,
  detector,
  detector_name AS name,
  title,
  severity,
  status,
  server,
  entity,
  summary,
  user_name AS user,
  -- A unix socket is no address.
  nullif(client, '[local]') AS client,
  database_name AS database,
  application,
  first_seen,
  last_seen,
  evidence_count AS count,
  sessions,
  observed,
  baseline,
  threshold
FROM alerts
WHERE ($id::VARCHAR IS NULL OR alert_id = $id)
  AND ($statuses::VARCHAR IS NULL OR list_contains(string_split($statuses, ','), status))
  AND ($severities::VARCHAR IS NULL OR list_contains(string_split($severities, ','), severity))
  AND ($detector::VARCHAR IS NULL OR detector = $detector OR detector_name = $detector)
  AND ($server::VARCHAR IS NULL OR server = $server)
  AND ($since::TIMESTAMP IS NULL OR last_seen >= $since::TIMESTAMP)
  AND (
    $after_time::TIMESTAMP IS NULL
    OR first_seen < $after_time::TIMESTAMP
    OR (first_seen = $after_time::TIMESTAMP AND alert_id > $after_id)
  )
ORDER BY first_seen DESC, alert_id
LIMIT $limit::BIGINT
