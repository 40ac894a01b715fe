/*---
id: A16
name: auth.platform_account_anomaly
title: Azure's own account, or an administrator, signed in from where neither belongs
why: Azure's accounts stand above every role of yours and no customer has their passwords, and administrators come from places that are known; whoever comes from elsewhere as one of them is after the whole server.
severity: critical
risk: 90
tactic: privilege-escalation
attack: [T1078.001, T1068]
quiet: 4h
requires:
  - log_connections = on
parameters:
  platform: { type: strings, default: [azuresu, azure_superuser, replication], help: Accounts of Azure. Customers do not have their passwords. }
  certificate: { type: string, default: '^CN=(azuresu|replication)\.[0-9a-f]{12}\.database\.azure\.com$', help: "Regular expression over the identity of Azure's certificates. Inside Azure's networks it is the proof." }
  platform_clients: { type: strings, default: [], help: Addresses from which Azure is known to come. }
  admins: { type: strings, default: [], help: Roles of administrators. They sign in from private addresses only. }
  admin_clients: { type: strings, default: [], help: "Public addresses of your own from which administrators come, such as the office." }
false_positives:
  - Azure reaches the server from another address than the server's own. Learn which from a week of mode shadow and put it into platform_clients.
  - A guess at the name of an account of Azure that was refused. It is low.
  - An administrator at home or on the way. Put the address of the VPN into admin_clients.
runbook:
  - Read what the session did - pgvigil query "SELECT event_time, command, sql_text FROM activity WHERE session_id = '<session>' ORDER BY event_time".
  - For an account of Azure open a support request of severity A with server, session and time. Nobody outside of Microsoft should be able to sign in with it.
  - Close the network to the address - az postgres flexible-server firewall-rule list -g <group> -n <server> - and end the session with pg_terminate_backend.
  - For an administrator ask the person. If it was somebody else, reset the password - az postgres flexible-server update -g <group> -n <server> --admin-password <new> - and look for what it granted and created (detectors P01, P02).
---*/
WITH placed AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, outcome, identity, method,
    list_contains($platform, lower(user_name)) AS is_platform_account,
    NOT regexp_matches(client, '^(\[local\]|::1|(::ffff:)?(10|127|169\.254|192\.168|172\.(1[6-9]|2\d|3[01])|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\.[\d.]+|f([cd][\da-f]|e[89ab])[\da-f]:.*)$') AS is_public,
    regexp_matches(client, '^(\[local\]|::1|127\.[\d.]+|169\.254\.[\d.]+)$') AS is_server
  FROM sign_ins
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    AND outcome IN ('success', 'failed', 'rejected')
    AND (list_contains($platform, lower(user_name)) OR list_contains($admins, user_name))
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application,
  concat(user_name, '@', client) AS entity,
  CASE
    WHEN outcome <> 'success' THEN 'low'
    WHEN is_platform_account THEN 'critical'
    ELSE 'medium'
  END AS severity,
  concat(
    CASE WHEN is_platform_account THEN 'Azure''s account ' ELSE 'The administrator ' END, user_name,
    CASE
      WHEN outcome <> 'success' THEN ' was tried from '
      WHEN is_public THEN ' signed in from the public address '
      ELSE ' signed in without Azure''s certificate from '
    END,
    client
  ) AS summary
FROM placed
WHERE is_platform_account
    AND NOT is_server
    AND NOT list_contains($platform_clients, client)
    AND (
      is_public
      -- Standbys and management come from the network of the server, with a certificate; before PostgreSQL 14 none is logged.
      OR outcome = 'success'
        AND NOT regexp_matches(coalesce(identity, ''), $certificate)
        AND (method IS NOT NULL OR lower(user_name) <> 'replication')
    )
  OR NOT is_platform_account
    AND is_public
    AND outcome = 'success'
    AND NOT list_contains($admin_clients, client)
