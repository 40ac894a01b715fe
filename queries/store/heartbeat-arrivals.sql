-- When a log line of each server last came from the hub, of the records after $after and $since. The name of a hub stands for
-- all that had it, one after the other: the time of its creation comes behind it.
SELECT server, max(received_at) AS last
FROM store.records
WHERE record_id > $after AND received_at > $since
  AND category = 'PostgreSQLLogs'
  AND starts_with(source, $source || '@')
GROUP BY server
