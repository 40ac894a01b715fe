-- Changes of store.sightings. Only sessions that were let in teach; the names of a guess are written by whoever guesses.
CREATE OR REPLACE TEMP TABLE sighting_changes AS
WITH people AS (
  SELECT server, session_id, user_name, client, application, database_name
  FROM chosen_sessions
  WHERE outcome = 'signed_in' AND NOT is_platform AND user_name IS NOT NULL
), all_uses AS (
  SELECT a.server, p.user_name, a.hour, a.is_suspect, a.statement_record_id, a.statements
  FROM chosen_activities a
  JOIN people p ON p.server = a.server AND p.session_id = a.session_id
  WHERE a.statements <> 0
), uses AS (
  SELECT * FROM all_uses WHERE NOT is_suspect
), shapes AS (
  SELECT u.server, u.user_name, u.hour::DATE AS day, u.is_suspect, t.template_id, sum(u.statements) AS n
  FROM all_uses u
  JOIN store.statements t ON t.first_record_id = u.statement_record_id
  GROUP BY ALL
), texts AS (
  SELECT s.server, s.user_name, s.day, s.is_suspect, s.n, m.parse_ok, m.fingerprint,
         list_distinct(list_concat(m.relations_read, m.relations_written)) AS relations,
         -- What a user does, not how a text is written: few for each user, and whether he does it is a habit.
         list_intersect(m.flags, [
           'drop_data', 'drop_db', 'drop_owned', 'drop_role', 'drop_column', 'truncate', 'dml_no_where',
           'copy_stdout', 'copy_stdin', 'copy_file', 'copy_program', 'pg_dump_cursor', 'replication_cmd',
           'create_table', 'ctas', 'do_block', 'create_ext', 'load_library', 'untrusted_lang', 'security_definer',
           'create_trigger', 'event_trigger', 'create_rule', 'rls_off', 'trigger_off',
           'fdw_server', 'user_mapping', 'subscription', 'publication', 'notify',
           'sets_password', 'owner_change', 'default_privs', 'revoke'
         ]) AS deeds
  FROM shapes s
  JOIN store.templates m ON m.template_id = s.template_id
), arrivals AS (
  SELECT i.server, p.user_name, i.hour, p.client, p.application, p.database_name, i.sign_ins
  FROM chosen_sign_ins i
  JOIN people p ON p.server = i.server AND p.session_id = i.session_id
), told AS (
  SELECT server, 'server' AS dimension, '' AS entity, '' AS value, hour::DATE AS day, statements AS n FROM uses
  UNION ALL SELECT server, 'server', '', '', hour::DATE, sign_ins FROM arrivals
  UNION ALL SELECT server, 'user', '', user_name, hour::DATE, statements FROM uses
  UNION ALL SELECT server, 'user', '', user_name, hour::DATE, sign_ins FROM arrivals
  UNION ALL SELECT server, 'user_hour', user_name, hour_of_week(hour)::VARCHAR, hour::DATE, statements FROM uses
  UNION ALL SELECT server, 'user_hour', user_name, hour_of_week(hour)::VARCHAR, hour::DATE, sign_ins FROM arrivals
  UNION ALL SELECT server, 'user_client', user_name, network_of(client), hour::DATE, sign_ins FROM arrivals
  UNION ALL SELECT server, 'user_application', user_name, masked_name(coalesce(application, '')), hour::DATE, sign_ins FROM arrivals
  UNION ALL SELECT server, 'user_database', user_name, database_name, hour::DATE, sign_ins FROM arrivals
  UNION ALL SELECT server, 'user_fingerprint', user_name, fingerprint, day, n FROM texts WHERE parse_ok AND NOT is_suspect
  UNION ALL SELECT server, 'user_relation', user_name, unnest(relations), day, n FROM texts WHERE NOT is_suspect
  -- Not ordinary, but it was done: what is held against the ordinary counts it.
  UNION ALL SELECT server, 'suspect_relation', user_name, unnest(relations), day, n FROM texts WHERE is_suspect
  UNION ALL SELECT server, 'user_flag', user_name, unnest(deeds), day, n FROM texts WHERE NOT is_suspect
)
SELECT server, dimension, entity, value, day, sum(n)::BIGINT AS n
FROM told
WHERE value IS NOT NULL
GROUP BY ALL
HAVING sum(n) <> 0;
