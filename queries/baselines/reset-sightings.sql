DELETE FROM store.sightings
WHERE server = coalesce($server, server)
  AND coalesce(dimension = $dimension OR (dimension = 'open_ended' AND value = $dimension), true)
  AND coalesce(entity = $entity OR (dimension = 'user' AND value = $entity), true)
