-- What waits for each channel, since when, and what it took last. A message that was put back, or that waited for a digest,
-- waits for its receiver since its first attempt, or since that is due.
WITH attempts AS (
  SELECT a.delivery_id, min(a.started_at) AS first_attempt
  FROM store.delivery_attempts a
  JOIN store.outbox o ON o.delivery_id = a.delivery_id
  WHERE o.state = 'pending' AND a.attempt > coalesce(o.earlier_attempts, 0)
  GROUP BY a.delivery_id
), messages AS (
  SELECT
    o.channel,
    count(*) FILTER (o.state = 'pending') AS waiting,
    min(coalesce(a.first_attempt, o.next_attempt_at)) FILTER (o.state = 'pending') AS waiting_since,
    max(o.finished_at) FILTER (o.state = 'delivered') AS last_delivered
  FROM store.outbox o
  LEFT JOIN attempts a ON a.delivery_id = o.delivery_id
  GROUP BY o.channel
)
SELECT c.channel, coalesce(m.waiting, 0) AS waiting, m.waiting_since, m.last_delivered, d.disabled_at, d.reason
FROM (SELECT unnest($channels::VARCHAR[]) AS channel) c
LEFT JOIN messages m ON m.channel = c.channel
LEFT JOIN store.disabled_channels d ON d.channel = c.channel
ORDER BY c.channel
