-- The last steps in the life of an alert, in their order.
SELECT * FROM (
  SELECT sequence, happened_at, action, actor, via, what, reason, note, severity, evidence_count AS count
  FROM alert_history
  WHERE alert_id = $id
  ORDER BY sequence DESC
  LIMIT 200
)
ORDER BY sequence
