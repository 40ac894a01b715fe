-- Of the messages that wait for a channel and were never tried, those beyond $keep: the least severe first, of these the
-- newest. Critical ones and digests stay.
SELECT delivery_id
FROM (
  SELECT
    delivery_id, severity, attempts, alert_id,
    row_number() OVER (
      ORDER BY list_position(['critical', 'high', 'medium', 'low', 'info'], severity) NULLS FIRST, attempts > 0 DESC, created_at, rowid
    ) AS place
  FROM store.outbox
  WHERE channel = $channel AND state = 'pending'
)
WHERE place > $keep
  AND attempts = 0
  AND severity <> 'critical'
  AND NOT starts_with(alert_id, 'dg_')
