-- Why records of this backfill could not be decoded.
SELECT code, count(*) AS rejects
FROM store.rejects
WHERE received_at >= $started
GROUP BY code
ORDER BY rejects DESC, code;
