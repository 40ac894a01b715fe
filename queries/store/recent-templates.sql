-- Templates of the statements that were logged last, each with one of its texts; the one used last comes last.
WITH recent AS (
  SELECT s.template_id, max(a.record_id) AS last_used, arg_max(s.sql_text, a.record_id) AS sql_text
  FROM store.activities a
  JOIN store.statements s ON s.first_record_id = a.statement_record_id
  WHERE a.record_id > $after AND s.sql_text IS NOT NULL AND s.text_length <= $longest
  GROUP BY s.template_id
  ORDER BY last_used DESC
  LIMIT $limit
)
SELECT t.*, recent.sql_text
FROM recent
JOIN store.templates t USING (template_id)
  -- What was too much for the parser may have met a busy machine: the next start tries again.
WHERE t.version = $version AND NOT list_contains(t.flags, 'parser_failed')
ORDER BY recent.last_used;
