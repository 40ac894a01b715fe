-- What attempts made of their messages.
UPDATE store.outbox o
SET state = a.state,
    attempts = a.attempts,
    next_attempt_at = a.next_attempt_at,
    finished_at = CASE WHEN a.state = 'pending' THEN NULL ELSE a.ended_at END
FROM (
  SELECT
    unnest($ids::VARCHAR[]) AS delivery_id,
    unnest($states::VARCHAR[]) AS state,
    unnest($attempts::INTEGER[]) AS attempts,
    unnest($next::TIMESTAMP[]) AS next_attempt_at,
    unnest($ended::TIMESTAMP[]) AS ended_at
) a
WHERE o.delivery_id = a.delivery_id
