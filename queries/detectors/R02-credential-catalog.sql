/*---
id: R02
name: disc.credential_catalog
title: Access to a catalog that holds passwords or secrets
why: These catalogs hold password hashes, credentials for other servers, rules of sign-in or samples of data; ordinary queries have no use for them, and whoever reads them gains further accounts or data past its rights.
severity: high
risk: 75
tactic: credential-access
attack: [T1552, T1003]
denied_attempts: true
quiet: 1h
requires:
  - pgaudit.log_catalog = on
  - log_min_error_statement = error
parameters:
  catalogs:
    type: strings
    default:
      - pg_authid
      - pg_shadow
      - pg_user_mapping
      - pg_subscription
      - pg_hba_file_rules
      - pg_ident_file_mappings
      - pg_file_settings
      - pg_config
      - pg_largeobject
      - pg_statistic
    help: Catalogs and views that are reported. The view pg_user_mappings is left out. psql reads it for its list of mappings, and it hides the secrets of others.
  tool_catalogs:
    type: strings
    default: [pg_user_mapping, pg_subscription, pg_statistic, pg_largeobject, pg_config, pg_file_settings]
    help: Those that dump and monitoring tools read in their ordinary work.
  tools:
    type: string
    default: '^(pg_dump|pg_dumpall|pgadmin|postgres_exporter|pganalyze)'
    help: Regular expression over application_name of such tools. The name is written by the client, so it never excuses a password catalog.
false_positives:
  - pg_dumpall without --no-role-passwords.
runbook:
  - Ask the person behind the account what it was for. On a Flexible Server the read is denied, so the try is the finding.
  - For an application account, look for SQL injection (detector I01).
  - If the read succeeded, change the passwords of all roles of the server.
---*/
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  CASE WHEN list_has_any(catalogs, ['pg_authid', 'pg_shadow', 'pg_user_mapping']) THEN 'high' ELSE 'medium' END AS severity,
  concat(
    coalesce(user_name, 'unknown user'),
    -- pgaudit logs a query once its rights are checked: it was not denied, whatever it failed of later.
    CASE WHEN ok OR audit_type IS NOT NULL THEN ' read ' ELSE ' was denied ' END,
    array_to_string(list_intersect(catalogs, $catalogs), ', ')
  ) AS summary
FROM activity
WHERE event_time > $since
  AND event_time <= $until
  AND NOT is_platform
  AND list_has_any(catalogs, $catalogs)
  AND NOT (
    regexp_matches(lower(coalesce(application, '')), $tools)
    AND list_has_all($tool_catalogs, list_intersect(catalogs, $catalogs))
  )
