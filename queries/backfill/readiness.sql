-- What detectors can see of each server, best first.
SELECT server, state, count(*) AS detectors
FROM store.readiness
WHERE state <> 'off'
GROUP BY server, state
ORDER BY server, list_position(['armed', 'partly', 'learning', 'unproven', 'blind'], state);
