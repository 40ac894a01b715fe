SELECT client FROM store.addresses
UNION
SELECT client FROM store.connection_events
WHERE record_id > $after AND record_id <= $until AND client IS NOT NULL
