/*---
name: sensitive-catalogs
title: Reads of sensitive catalogs
topic: data
question: Who read catalogs that hold passwords, secrets or the rights of others?
how_to_read: One row for each user, client and catalog, the latest first. denied counts what the server refused; on a Flexible Server reads of pg_authid and pg_shadow always are, so the try is the finding.
parameters:
  server: { type: text, default: null, help: "Server; all unless given." }
  since: { type: time, default: 30d, help: "First moment (UTC), or so long before the newest event." }
  until: { type: time, default: 0s, help: "First moment (UTC) that is left out; past the newest event unless given." }
---*/
WITH looks AS (
  SELECT
    event_time, record_id, server, user_name, client, application, ok, audit_type, normalized,
    unnest(list_intersect(catalogs, [
      'pg_authid', 'pg_shadow', 'pg_user_mapping', 'pg_user_mappings', 'pg_subscription', 'pg_hba_file_rules', 'pg_ident_file_mappings',
      'pg_file_settings', 'pg_config', 'pg_largeobject', 'pg_statistic', 'pg_roles', 'pg_auth_members', 'pg_stat_activity',
      'pg_stat_statements'
    ])) AS catalog
  FROM activity
  WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
    AND ($server::VARCHAR IS NULL OR server = lower($server))
    AND len(catalogs) > 0
    AND NOT is_platform
)
SELECT
  max(event_time) AS last_time,
  server,
  user_name,
  client,
  application,
  catalog,
  count(*) AS times,
  count(*) FILTER (NOT ok AND audit_type IS NULL) AS denied,
  min(event_time) AS first_time,
  arg_max(normalized, (event_time, record_id)) AS example
FROM looks
GROUP BY server, user_name, client, application, catalog
ORDER BY last_time DESC, server, user_name, client, catalog, application
