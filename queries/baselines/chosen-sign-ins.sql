-- The same for sign-ins. Of PgBouncer's clients it is known when they leave.
CREATE OR REPLACE TEMP TABLE chosen_sign_ins AS
WITH fresh AS (
  SELECT record_id, event_time, server, session_id, event
  FROM store.connection_events
  WHERE record_id > $known_record AND record_id <= $last_record AND event_time >= $oldest AND event_time < $until
  UNION ALL
  SELECT record_id, event_time, server, session_id, event
  FROM store.connection_events
  WHERE record_id <= $known_record AND event_time >= $oldest AND event_time >= $known_until AND event_time < $until
), counted AS (
  SELECT f.*, 1 AS sign FROM fresh f ANTI JOIN withheld w ON w.server = f.server AND w.session_id = f.session_id
  UNION ALL
  SELECT e.record_id, e.event_time, e.server, e.session_id, e.event, r.sign
  FROM store.connection_events e
  JOIN reconsidered r ON r.server = e.server AND r.session_id = e.session_id
  WHERE r.sign <> 0 AND e.record_id <= $known_record AND e.event_time >= $oldest AND e.event_time < $known_until
)
SELECT server, session_id, date_trunc('hour', event_time) AS hour, sum(sign)::BIGINT AS sign_ins
FROM counted
WHERE session_id IS NOT NULL
  AND (event = 'authorized' OR (event = 'disconnected' AND starts_with(session_id, 'pgbouncer/')))
GROUP BY ALL
HAVING sum(sign) <> 0;
