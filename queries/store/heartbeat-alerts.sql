-- Alerts of silences that have not ended with a sign of life, with who closed them last. What people do with one that ended is
-- their affair.
WITH closings AS (
  SELECT
    h.alert_id,
    bool_or(h.via = 'worker' AND h.reason = 'returned') AS is_over,
    arg_max(h.via, h.sequence) AS via
  FROM store.alert_history h
  SEMI JOIN store.alerts a ON a.alert_id = h.alert_id AND a.detector = $detector
  WHERE h.action = 'closed'
  GROUP BY h.alert_id
)
SELECT a.*, c.via AS closed_via
FROM store.alerts a
LEFT JOIN closings c ON c.alert_id = a.alert_id
WHERE a.detector = $detector AND NOT coalesce(c.is_over, false)
ORDER BY a.first_seen, a.alert_id
