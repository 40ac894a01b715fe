-- The alerts in some messages of the outbox: the last message of each says what it is by now.
SELECT
  alert_id,
  count(*) AS messages,
  min(created_at) AS first_at,
  max(created_at) AS last_at,
  arg_max(body->>'$.data.severity', place) AS severity,
  arg_max(body->>'$.data.detector', place) AS detector,
  arg_max(body->>'$.data.title', place) AS title,
  arg_max(body->>'$.data.server', place) AS server,
  arg_max(body->>'$.data.summary', place) AS summary,
  arg_max((body->>'$.data.count')::BIGINT, place) AS events
FROM (SELECT alert_id, body, created_at, (created_at, rowid) AS place FROM store.outbox WHERE delivery_id IN (SELECT unnest($ids::VARCHAR[])))
GROUP BY alert_id
ORDER BY first_at, alert_id
