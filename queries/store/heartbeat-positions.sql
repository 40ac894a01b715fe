-- The partitions of a hub and when each last brought a message, also of a hub of the same name before it.
SELECT source, partition, sequence_number, updated_at
FROM store.positions
WHERE starts_with(source, $source || '@')
