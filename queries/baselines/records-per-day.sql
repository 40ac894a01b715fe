-- How many records each day has, to learn long histories piece by piece.
SELECT date_trunc('day', event_time)::TIMESTAMP AS day, count(*) AS records
FROM store.records
WHERE event_time >= $from AND event_time < $until
GROUP BY day;
