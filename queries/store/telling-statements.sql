-- The statements of an alert that say most: those with the most flags first, then the most frequent.
SELECT m.normalized
FROM store.evidence e
JOIN store.statements t ON t.statement_hash = e.statement_hash
JOIN store.templates m ON m.template_id = t.template_id
WHERE e.alert_id = $alert AND m.normalized IS NOT NULL
GROUP BY m.normalized
ORDER BY max(len(m.flags)) DESC, count(*) DESC, min(e.event_time), m.normalized
LIMIT 3
