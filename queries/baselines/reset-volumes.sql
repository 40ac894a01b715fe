DELETE FROM store.volumes
WHERE server = coalesce($server, server) AND metric = coalesce($dimension, metric) AND entity = coalesce($entity, entity)
