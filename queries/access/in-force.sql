-- Tokens that are worth something: by $name, by $id, or (both null) all of them.
SELECT name, role, sha256, verifier
FROM store.access_tokens
WHERE revoked_at IS NULL AND expires_at > $now
  AND ($name IS NULL OR name = $name)
  AND ($id IS NULL OR token_id = $id)
ORDER BY created_at DESC
