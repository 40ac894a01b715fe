/*---
name: risk-ranking
title: Who is most suspicious
topic: alerts
question: Which users and clients gather most risk from alerts?
how_to_read: "The highest score first: the risks of the detectors of the last day of each, every detector once. Several tactics by one user are worth more attention than one detector many times."
parameters:
  server: { type: text, default: null, help: "Server; all unless given." }
  since: { type: time, default: 30d, help: "First moment (UTC), or so long before the newest event." }
  until: { type: time, default: 0s, help: "First moment (UTC) that is left out; past the newest event unless given." }
  top: { type: number, default: 50, help: "Rows at most." }
---*/
SELECT
  score,
  server,
  entity_kind AS kind,
  entity AS name,
  len(tactics) AS tactic_count,
  tactics,
  detectors,
  alert_count AS alerts,
  window_end AS last_event
FROM risk
WHERE window_end >= $since::TIMESTAMP AND window_end < $until::TIMESTAMP
  AND ($server::VARCHAR IS NULL OR server = lower($server))
ORDER BY score DESC, last_event DESC, server, kind, name
LIMIT $top::BIGINT
