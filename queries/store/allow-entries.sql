-- Entries of the allow-list that may match evidence of a detector with an event time from $from on.
SELECT
  entry_id, kind, detector, server, user_name, client, database_name, application, entity, relation, fingerprint, reason,
  author, created_at, starts_at, expires_at
FROM store.allow_list
WHERE removed_at IS NULL
  AND detector IN ('*', $detector)
  AND expires_at > $from
ORDER BY created_at, entry_id
