SELECT DISTINCT client FROM store.connection_events
ANTI JOIN store.addresses USING (client)
WHERE record_id > $after AND record_id <= $until AND client IS NOT NULL
