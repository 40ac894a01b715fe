-- Tokens in force; with $all those that ended too.
SELECT name, role, created_at, created_by, expires_at, revoked_at, revoked_by, token_id
FROM store.access_tokens
WHERE $all OR (revoked_at IS NULL AND expires_at > $now)
ORDER BY created_at, name
