-- What of an entry fits a terminal.
SELECT
  entry_id AS id,
  CASE
    WHEN removed_at IS NOT NULL THEN 'removed'
    WHEN expires_at <= $now THEN 'expired'
    WHEN starts_at > $now THEN 'waiting'
    ELSE 'in force'
  END AS state,
  detector,
  -- concat_ws leaves out what is null.
  concat_ws(
    ', ',
    'server ' || server, 'user ' || user_name, 'client ' || client, 'database ' || database_name,
    'application ' || application, 'entity ' || entity, 'relation ' || relation, 'fingerprint ' || fingerprint
  ) AS scope,
  strftime(expires_at, '%Y-%m-%d %H:%M') AS expires,
  hits,
  strftime(last_hit, '%Y-%m-%d %H:%M') AS last_hit,
  author,
  reason
FROM allow_list
WHERE kind = $kind AND ($all OR (removed_at IS NULL AND expires_at > $now))
ORDER BY created_at DESC, entry_id
