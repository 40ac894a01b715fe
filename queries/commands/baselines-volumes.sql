-- Every volume that is known, for `baselines export`.
SELECT 'volume' AS kind, server, metric, entity, hour, amount
FROM known_volumes
WHERE server = coalesce($server, server)
ORDER BY server, metric, entity, hour
