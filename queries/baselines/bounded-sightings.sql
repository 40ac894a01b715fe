-- The changes as JSON arrays of $chunk rows each, without what overflows; that leaves a mark.
WITH bounded AS (
  SELECT c.*
  FROM sighting_changes c
  ANTI JOIN overflow o
    ON o.server = c.server AND o.dimension = c.dimension AND o.entity = c.entity AND o.value = c.value
  UNION ALL
  SELECT c.server, 'open_ended', c.entity, c.dimension, c.day, count(*)
  FROM sighting_changes c
  JOIN overflow o ON o.server = c.server AND o.dimension = c.dimension AND o.entity = c.entity AND o.value = c.value
  WHERE c.n > 0
  GROUP BY ALL
), numbered AS (
  SELECT *, row_number() OVER (ORDER BY server, dimension, entity, value, day) // $chunk AS part FROM bounded
)
SELECT
  to_json(list(struct_pack(server := server, dimension := dimension, entity := entity, value := value, day := day, n := n)))::VARCHAR
    AS changes,
  count(*) AS size
FROM numbered
GROUP BY part
ORDER BY part;
