-- $changes: JSON array of {server, metric, entity, hour, amount}.
MERGE INTO store.volumes v
USING (
  SELECT unnest(
    from_json($changes, '[{"server":"VARCHAR","metric":"VARCHAR","entity":"VARCHAR","hour":"TIMESTAMP","amount":"BIGINT"}]'),
    recursive := true
  )
) c
ON v.hour = c.hour AND v.server = c.server AND v.metric = c.metric AND v.entity = c.entity
WHEN MATCHED AND v.amount + c.amount <= 0 THEN DELETE
WHEN MATCHED THEN UPDATE SET amount = v.amount + c.amount
WHEN NOT MATCHED AND c.amount > 0 THEN INSERT VALUES (c.server, c.metric, c.entity, c.hour, c.amount);
