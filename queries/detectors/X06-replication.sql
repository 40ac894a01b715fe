/*---
id: X06
name: exfil.replication
title: Publication, replication slot or streaming by a principal that is not known for it
why: Replication hands over tables or the whole server without a query for anybody to see; only few roles have it as their work, and an intruder gets a copy that keeps itself up to date.
severity: high
risk: 75
tactic: exfiltration
attack: [T1537, T1020, T1048]
denied_attempts: true
quiet: 1h
requires:
  - pgaudit.log with read and ddl
  - log_replication_commands = on
  - log_connections = on
parameters:
  replicators: { type: strings, default: [replication], help: "Roles that replicate. The role replication is that of the service, for standbys and read replicas." }
  functions:
    type: strings
    default:
      - pg_create_logical_replication_slot
      - pg_create_physical_replication_slot
      - pg_copy_logical_replication_slot
      - pg_copy_physical_replication_slot
      - pg_logical_slot_get_changes
      - pg_logical_slot_peek_changes
      - pg_logical_slot_get_binary_changes
      - pg_logical_slot_peek_binary_changes
      - pg_replication_slot_advance
      - create_subscription
      - replication_set_add_table
      - replication_set_add_all_tables
    help: Functions that make or read a replication slot, and those of pglogical.
false_positives:
  - Debezium, Fabric mirroring or a migration service that is set up. Put its role into replicators.
  - A restore of a dump with publications in it.
runbook:
  - Ask the owner of the account whether the replication was meant. If so, put the role into replicators.
  - If not, end the session, and drop the slot - SELECT pg_drop_replication_slot('<slot>'). A slot that is left keeps WAL until the disk is full.
  - Look for what is published - SELECT * FROM pg_publication_tables - and drop the publication.
  - Take the attribute away - ALTER ROLE <role> NOREPLICATION - and change its password.
---*/
WITH events AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
    ok OR audit_type IS NOT NULL AS done,
    CASE
      WHEN list_contains(flags, 'pub_all_tables') THEN 'publish all tables'
      WHEN list_contains(flags, 'publication') THEN concat('publish tables', coalesce(concat(' in ', target), ''))
      WHEN list_contains(flags, 'subscription') THEN concat('subscribe', coalesce(concat(' to ', nullif(array_to_string(hosts, ', '), '')), ''))
      WHEN list_contains(flags, 'replication_cmd') THEN concat('use the replication protocol', coalesce(concat(' on slot ', target), ''))
      ELSE concat('call ', array_to_string(list_sort(list_intersect(functions, $functions)), ', '))
    END AS what
  FROM activity
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    AND (
      list_has_any(flags, ['publication', 'subscription', 'replication_cmd'])
      OR list_has_any(functions, $functions)
    )
  UNION ALL
  -- pgaudit does not see the commands of the protocol.
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, NULL, true,
    concat('send ', left(regexp_extract(message, '^received replication command: (.*)', 1, 's'), 100))
  FROM records
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    AND level = 'LOG'
    AND regexp_matches(
      message,
      '(?i)^received replication command:\s*(START_REPLICATION|CREATE_REPLICATION_SLOT|ALTER_REPLICATION_SLOT|READ_REPLICATION_SLOT|BASE_BACKUP|UPLOAD_MANIFEST)'
    )
  UNION ALL
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, NULL, outcome = 'success',
    'open a replication connection'
  FROM sign_ins
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    AND (
      (replication AND outcome = 'success')
      OR reason = 'no_replication_priv'
    )
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  concat(coalesce(user_name, 'unknown user'), CASE WHEN done THEN ' did ' ELSE ' tried to ' END, what) AS summary
FROM events
WHERE NOT list_contains($replicators, coalesce(user_name, ''))
