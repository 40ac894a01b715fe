-- Changes of store.volumes as JSON arrays of $chunk rows each.
WITH known AS (
  SELECT server, session_id, user_name, coalesce(is_platform, false) AS is_platform, outcome = 'signed_in' AS let_in
  FROM chosen_sessions
), uses AS (
  SELECT a.server, a.hour, a.statements, a.errors, a.rows_read, CASE WHEN k.let_in THEN k.user_name END AS user_name
  FROM chosen_activities a
  LEFT JOIN known k ON k.server = a.server AND k.session_id = a.session_id
  WHERE NOT coalesce(k.is_platform, false) AND NOT a.is_suspect
), arrivals AS (
  SELECT i.server, i.hour, i.sign_ins, k.user_name
  FROM chosen_sign_ins i
  JOIN known k ON k.server = i.server AND k.session_id = i.session_id
  WHERE k.let_in AND NOT k.is_platform
), told AS (
  SELECT server, 'statements' AS metric, user_name AS entity, hour, statements AS amount FROM uses
  UNION ALL SELECT server, 'rows_read', user_name, hour, rows_read FROM uses
  UNION ALL SELECT server, 'errors', user_name, hour, errors FROM uses
  UNION ALL SELECT server, 'sign_ins', user_name, hour, sign_ins FROM arrivals
  UNION ALL SELECT server, 'audit_lines', '', hour, statements FROM uses
  UNION ALL SELECT server, 'connections', '', hour, sign_ins FROM arrivals
), changed AS (
  SELECT server, metric, entity, hour, sum(amount)::BIGINT AS amount
  FROM told
  WHERE entity IS NOT NULL
  GROUP BY ALL
  HAVING sum(amount) <> 0
), numbered AS (
  SELECT *, row_number() OVER (ORDER BY server, metric, entity, hour) // $chunk AS part FROM changed
)
SELECT
  to_json(list(struct_pack(server := server, metric := metric, entity := entity, hour := hour, amount := amount)))::VARCHAR AS changes,
  count(*) AS size
FROM numbered
GROUP BY part
ORDER BY part;
