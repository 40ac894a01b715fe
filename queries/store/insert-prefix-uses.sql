-- Inserts the prefixes that are not known yet. What is not known was not found from the data: it is configured.
INSERT INTO store.prefixes
SELECT u.server, u.format, 'configured', u.lines, make_timestamp_ms(u."first"), make_timestamp_ms(u."last")
FROM (
  SELECT unnest(
    from_json($uses, '[{"server":"VARCHAR","format":"VARCHAR","lines":"BIGINT","first":"BIGINT","last":"BIGINT"}]'),
    recursive := true
  )
) u
ANTI JOIN store.prefixes p ON p.server = u.server AND p.format = u.format;
