-- Every column of an alert for programs. The names are part of the command-line contract (docs/cli.md).
SELECT
  a.alert_id AS id,
  a.detector,
  a.detector_name AS name,
  a.title,
  a.severity,
  a.status,
  a.server,
  a.entity,
  a.summary,
  a.user_name AS user,
  -- A unix socket is no address.
  nullif(a.client, '[local]') AS client,
  a.database_name AS database,
  a.application,
  a.first_seen,
  a.last_seen,
  a.evidence_count AS count,
  a.sessions,
  a.observed,
  a.baseline,
  a.threshold,
  e.evidence
FROM alerts a
LEFT JOIN (
  SELECT
    alert_id,
    list(
      struct_pack(
        record_id := record_id,
        event_time := event_time,
        session_id := session_id,
        "user" := user_name,
        client := nullif(client, '[local]'),
        summary := summary,
        statement := normalized
      ) ORDER BY event_time, record_id
    ) AS evidence
  FROM evidence
  GROUP BY alert_id
) e ON e.alert_id = a.alert_id
WHERE ($statuses IS NULL OR list_contains($statuses::VARCHAR[], a.status))
  AND ($severities IS NULL OR list_contains($severities::VARCHAR[], a.severity))
  AND ($detector IS NULL OR a.detector = $detector OR a.detector_name = $detector)
  AND ($server IS NULL OR a.server = $server)
  AND ($since IS NULL OR a.last_seen >= $since)
ORDER BY a.first_seen DESC, a.alert_id
LIMIT $limit
