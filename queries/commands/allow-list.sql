-- Entries of one kind for programs, newest first; $all: those that have ended too.
SELECT
  entry_id AS id,
  CASE
    WHEN removed_at IS NOT NULL THEN 'removed'
    WHEN expires_at <= $now THEN 'expired'
    WHEN starts_at > $now THEN 'waiting'
    ELSE 'in force'
  END AS state,
  detector, server, user_name AS user, client, database_name AS database, application, entity, relation, fingerprint,
  reason, author, created_at, starts_at, expires_at, hits, last_hit, removed_at, removed_by
FROM allow_list
WHERE kind = $kind AND ($all OR (removed_at IS NULL AND expires_at > $now))
ORDER BY created_at DESC, entry_id
