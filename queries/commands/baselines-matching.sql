-- What `baselines reset` would forget.
SELECT
  (SELECT count(*) FROM store.sightings
   WHERE server = coalesce($server, server)
     AND coalesce(dimension = $dimension OR (dimension = 'open_ended' AND value = $dimension), true)
     AND coalesce(entity = $entity OR (dimension = 'user' AND value = $entity), true)) AS sightings,
  (SELECT count(*) FROM store.volumes
   WHERE server = coalesce($server, server) AND metric = coalesce($dimension, metric) AND entity = coalesce($entity, entity)) AS volumes
