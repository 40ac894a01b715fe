-- What this backfill stored, by server: how much, of which time, and the longest silences of an hour or more in it. A Flexible
-- Server logs sessions of its platform several times a minute, so that an hour without a line is an hour that is missing.
WITH lines AS (
  SELECT server, event_time, lag(event_time) OVER (PARTITION BY server ORDER BY event_time) AS before
  FROM store.records
  WHERE record_id > $last_record_id
)
SELECT
  server,
  count(*) AS records,
  epoch_ms(min(event_time)) AS first_ms,
  epoch_ms(max(event_time)) AS last_ms,
  count(*) FILTER (event_time - before >= INTERVAL 1 HOUR) AS silences,
  max(
    {'length_ms': epoch_ms(event_time) - epoch_ms(before), 'from_ms': epoch_ms(before), 'to_ms': epoch_ms(event_time)}
  ) FILTER (event_time - before >= INTERVAL 1 HOUR) AS longest
FROM lines
GROUP BY server
ORDER BY server;
