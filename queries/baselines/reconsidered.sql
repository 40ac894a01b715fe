-- Sessions that were counted and are withheld now (-1), that were withheld and are free again (1), and those whose last
-- evidence is of another day (0).
CREATE OR REPLACE TEMP TABLE reconsidered AS
SELECT
  coalesce(w.server, k.server) AS server,
  coalesce(w.session_id, k.session_id) AS session_id,
  coalesce(w.day, k.day) AS day,
  CASE WHEN k.server IS NULL THEN -1 WHEN w.server IS NULL THEN 1 ELSE 0 END AS sign
FROM withheld w
FULL JOIN (SELECT * FROM store.withheld_sessions WHERE day >= $oldest) k
  ON k.server = w.server AND k.session_id = w.session_id
WHERE w.day IS DISTINCT FROM k.day;
