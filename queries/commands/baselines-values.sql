-- Every value that is known, for `baselines export`. The names are part of the command-line contract.
SELECT 'value' AS kind, server, dimension, entity, value, day, n
FROM known_values
WHERE server = coalesce($server, server)
ORDER BY server, dimension, entity, value, day
