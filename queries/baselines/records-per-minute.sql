-- How many records each minute has, to learn long histories and busy hours piece by piece.
SELECT date_trunc('minute', event_time) AS start, count(*) AS records
FROM store.records
WHERE event_time >= $from AND event_time < $until
GROUP BY start
ORDER BY start;
