-- $changes: JSON array of {server, dimension, entity, value, day, n}.
MERGE INTO store.sightings s
USING (
  SELECT unnest(
    from_json($changes, '[{"server":"VARCHAR","dimension":"VARCHAR","entity":"VARCHAR","value":"VARCHAR","day":"DATE","n":"BIGINT"}]'),
    recursive := true
  )
) c
ON s.day = c.day AND s.server = c.server AND s.dimension = c.dimension AND s.entity = c.entity AND s.value = c.value
WHEN MATCHED AND s.n + c.n <= 0 THEN DELETE
WHEN MATCHED THEN UPDATE SET n = s.n + c.n
WHEN NOT MATCHED AND c.n > 0 THEN INSERT VALUES (c.server, c.dimension, c.entity, c.value, c.day, c.n);
