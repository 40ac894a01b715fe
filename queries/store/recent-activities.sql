-- What arrived last of statements and failures, in order of arrival, with the failures that are linked already.
SELECT
  a.record_id, a.event_time, a.server, a.session_id, a.source, a.statement_id, a.substatement_id, a.class, a.command,
  a.row_count IS NOT NULL AS has_rows, t.statement_hash, coalesce(a.previously_logged, false) AS previously_logged,
  f.error_record_id
FROM store.activities a
LEFT JOIN store.statements t ON t.first_record_id = a.statement_record_id
LEFT JOIN store.failed_audits f ON f.record_id = a.record_id
WHERE a.record_id > $after AND a.session_id IS NOT NULL
ORDER BY a.record_id;
