-- Adds the counts of one commit to the prefixes that are known, and returns which these were.
-- $uses: JSON array of {server, format, lines, first, last}; times in milliseconds since 1970.
UPDATE store.prefixes p
SET
  lines = p.lines + u.lines,
  first_seen = least(p.first_seen, make_timestamp_ms(u."first")),
  last_seen = greatest(p.last_seen, make_timestamp_ms(u."last"))
FROM (
  SELECT unnest(
    from_json($uses, '[{"server":"VARCHAR","format":"VARCHAR","lines":"BIGINT","first":"BIGINT","last":"BIGINT"}]'),
    recursive := true
  )
) u
WHERE p.server = u.server AND p.format = u.format
RETURNING p.server, p.format;
