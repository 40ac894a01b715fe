-- The baselines, with how far the learning of their server is.
SELECT
  b.server,
  b.dimension,
  b.entity,
  b.known,
  b.first_day,
  b.last_day,
  b.days,
  CASE
    WHEN o.entity IS NOT NULL THEN 'open-ended'
    WHEN l.is_complete THEN 'complete'
    ELSE concat('learning, ', l.days_left, ' days left')
  END AS state
FROM baselines b
LEFT JOIN learning l ON l.server = b.server
LEFT JOIN (SELECT DISTINCT server, entity, value FROM known_values WHERE dimension = 'open_ended') o
  ON o.server = b.server AND o.entity = b.entity AND o.value = b.dimension
WHERE b.server = coalesce($server, b.server)
ORDER BY b.server, b.dimension, b.entity
