/*---
name: rejected-records
title: Records that could not be read
topic: coverage
question: What arrived and could not be decoded, and why?
how_to_read: "One row for each server and reason, the most first, with the beginning of one of them. PREFIX_MISMATCH means that log_line_prefix of the server is one that pgvigil has not found yet; see the view log_line_prefixes. Nothing is lost: what is understood later is decoded again."
parameters:
  server: { type: text, default: null, help: "Server; all unless given." }
---*/
SELECT
  server,
  code,
  reason,
  count(*) AS records,
  sum(bytes) AS bytes,
  left(replace(arg_min(raw, (received_at, sequence_number, coalesce(record_index, -1)))::VARCHAR, '\x22', '"'), 200) AS example,
  count(DISTINCT (source, partition)) AS partitions,
  min(received_at) AS first_received,
  max(received_at) AS last_received
FROM rejects
WHERE ($server::VARCHAR IS NULL OR server = lower($server))
GROUP BY server, code, reason
ORDER BY records DESC, server NULLS FIRST, code, reason
