-- New values beyond what is kept of one entity: whoever may sign in can invent any number of them.
CREATE OR REPLACE TEMP TABLE overflow AS
WITH fresh AS (
  SELECT DISTINCT c.server, c.dimension, c.entity, c.value
  FROM sighting_changes c
  ANTI JOIN store.sightings s
    ON s.server = c.server AND s.dimension = c.dimension AND s.entity = c.entity AND s.value = c.value
  WHERE c.entity <> ''
), kept AS (
  SELECT s.server, s.dimension, s.entity, count(DISTINCT s.value) AS known
  FROM store.sightings s
  SEMI JOIN fresh f ON f.server = s.server AND f.dimension = s.dimension AND f.entity = s.entity
  GROUP BY ALL
)
SELECT f.server, f.dimension, f.entity, f.value
FROM fresh f
LEFT JOIN kept k ON k.server = f.server AND k.dimension = f.dimension AND k.entity = f.entity
QUALIFY coalesce(k.known, 0) + row_number() OVER (PARTITION BY f.server, f.dimension, f.entity ORDER BY f.value) > $most_values;
