-- Sessions behind an alert that matters: nothing of them is ordinary. What a detector in shadow mode finds, does not count:
-- it is on trial, and may be wrong about everybody. What the allow-list names is meant, and is learned.
CREATE OR REPLACE TEMP TABLE withheld AS
SELECT e.server, e.session_id, max(e.event_time)::DATE AS day
FROM store.evidence e
JOIN store.alerts a ON a.alert_id = e.alert_id
WHERE a.severity IN ('medium', 'high', 'critical')
  AND a.status NOT IN ('shadow', 'allowed', 'suppressed')
  AND e.session_id IS NOT NULL
  AND e.event_time >= $oldest
GROUP BY e.server, e.session_id;
