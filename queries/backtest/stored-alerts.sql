-- Alerts of a detector with evidence in a span of event time, $from exclusive and $to inclusive.
SELECT *
FROM store.alerts
WHERE detector = $detector
  AND alert_id IN (
    SELECT alert_id FROM store.evidence WHERE detector = $detector AND event_time > $from AND event_time <= $to
  )
ORDER BY first_seen, alert_id
