-- $places: JSON array of {source, partition, sequence, index}; index -1 is the whole message.
DELETE FROM store.rejects r
USING (
  SELECT unnest(
    from_json($places, '[{"source":"VARCHAR","partition":"VARCHAR","sequence":"BIGINT","index":"INTEGER"}]'),
    recursive := true
  )
) p
WHERE
  r.source = p.source AND r.partition = p.partition AND r.sequence_number = p.sequence
  AND coalesce(r.record_index, -1) = p."index";
