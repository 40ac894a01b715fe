/*---
name: partition-lag
title: Lag of partitions
topic: coverage
question: Which partition or file is behind the others, and has something been lost?
how_to_read: The one furthest behind first. behind is how much older its newest event is than the newest of all; a partition that stays behind while others go on waits in the hub. lost_messages aged out of the hub before they were read.
parameters: {}
---*/
WITH lost AS (
  SELECT source, partition, sum(last_missing - first_missing + 1) AS messages, max(found_at) AS found_at FROM gaps GROUP BY source, partition
)
SELECT
  p.source,
  p.partition,
  p.newest_event,
  max(p.newest_event) OVER () - p.newest_event AS behind,
  p.sequence_number AS last_message,
  coalesce(l.messages, 0) AS lost_messages,
  l.found_at AS loss_found_at,
  p.updated_at AS stored_at
FROM positions p
LEFT JOIN lost l ON l.source = p.source AND l.partition = p.partition
ORDER BY p.newest_event NULLS FIRST, p.source, p.partition
