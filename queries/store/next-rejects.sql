-- Rejects after a place, in order of their place: what is to be decoded again.
SELECT source, partition, sequence_number, record_index, raw
FROM store.rejects
WHERE
  code <> 'NOT_STORABLE'
  AND ($server IS NULL OR server = $server)
  AND (source, partition, sequence_number, coalesce(record_index, -1))
    > ($source, $partition, $sequence, $index)
ORDER BY source, partition, sequence_number, coalesce(record_index, -1)
LIMIT $limit;
