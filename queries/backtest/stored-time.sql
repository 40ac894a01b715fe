-- The time that is stored. One line with a time far ahead must not make everything else old.
SELECT
  min(event_time) AS first_event,
  coalesce(max(event_time) FILTER (event_time <= $now), max(event_time)) AS last_event,
  max(record_id) AS last_record
FROM store.records
