DELETE FROM store.rejects
WHERE
  source = $source AND partition = $partition AND sequence_number = $sequence
  AND coalesce(record_index, -1) = $index;
