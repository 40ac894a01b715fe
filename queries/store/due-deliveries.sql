-- Messages of a channel whose time has come, oldest first: of each alert only the one whose turn it is.
WITH pending AS (
  SELECT
    delivery_id, created_at, next_attempt_at, rowid AS place,
    -- rowid: the order of the steps, also where they share created_at, and where the clock was set back in between.
    row_number() OVER (PARTITION BY alert_id ORDER BY rowid) AS turn
  FROM store.outbox
  WHERE channel = $channel AND state = 'pending'
), ready AS (
  SELECT delivery_id FROM pending WHERE turn = 1 AND next_attempt_at <= $now ORDER BY created_at, place LIMIT $limit
)
SELECT
  delivery_id AS "deliveryId", alert_id AS "alertId", channel, webhook_id AS "webhookId", body, attempts,
  earlier_attempts AS "earlierAttempts"
FROM store.outbox o
SEMI JOIN ready r ON r.delivery_id = o.delivery_id
ORDER BY o.created_at, o.rowid
