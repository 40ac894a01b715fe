-- $changes: JSON array of {server, session_id, day, sign}; see reconsidered.sql.
MERGE INTO store.withheld_sessions w
USING (
  SELECT unnest(
    from_json($changes, '[{"server":"VARCHAR","session_id":"VARCHAR","day":"DATE","sign":"INTEGER"}]'),
    recursive := true
  )
) c
ON w.server = c.server AND w.session_id = c.session_id
WHEN MATCHED AND c.sign = 1 THEN DELETE
WHEN MATCHED THEN UPDATE SET day = c.day
WHEN NOT MATCHED AND c.sign <> 1 THEN INSERT VALUES (c.server, c.session_id, c.day);
