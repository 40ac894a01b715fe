/*---
id: A13
name: auth.weak_transport
title: Session without TLS, or with an old version of it
why: Without a current TLS whoever is on the way between client and server may read and change what passes, data and with some methods the password itself; clients of today can all do better.
severity: low
risk: 21
tactic: credential-access
attack: [T1040, T1557]
quiet: 1d
requires:
  - log_connections = on
parameters:
  min_tls: { type: string, default: TLSv1.2, help: Oldest version of TLS that is good. }
  exempt_users: { type: strings, default: [], help: Roles that may connect without TLS. }
  exempt_clients: { type: strings, default: [], help: "Addresses that may connect without TLS, exactly." }
false_positives:
  - An application inside of a virtual network that is not to use TLS. Put its role into exempt_users, or its address into exempt_clients.
  - A connection that Kerberos encrypts, which a Flexible Server does not have.
  - Whoever connects without TLS can give an application name that ends like the server's own words about TLS. Let the server require TLS.
runbook:
  - Require TLS - az postgres flexible-server parameter set -g <group> -s <server> -n require_secure_transport -v on - and ssl_min_protocol_version TLSv1.2. Sessions that exist go on.
  - Before that see who would be shut out - pgvigil query "SELECT user_name, client, application, tls_version, count(*) FROM sign_ins WHERE outcome = 'success' AND (NOT tls OR tls_version < 'TLSv1.2') GROUP BY ALL".
  - Set sslmode=verify-full in the application, so that it cannot be brought to another server.
  - Change the password if it crossed the internet, and at once if the method is password (also tokens of Microsoft Entra ID).
---*/
WITH weak AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, tls, tls_version, method,
    NOT regexp_matches(client, '^((::ffff:)?(10|192\.168|172\.(1[6-9]|2\d|3[01])|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\.[\d.]+|f([cd][\da-f]|e[89ab])[\da-f]:.*)$') AS is_public
  FROM sign_ins
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    AND outcome = 'success'
    AND (NOT tls OR tls_version < $min_tls)
    -- What does not leave the server.
    AND NOT regexp_matches(client, '^(\[local\]|::1|127\.[\d.]+|169\.254\.[\d.]+)$')
    AND NOT list_contains($exempt_users, coalesce(user_name, ''))
    AND NOT list_contains($exempt_clients, client)
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application,
  concat(coalesce(user_name, 'unknown'), '@', client) AS entity,
  -- With method password the secret itself crosses the wire.
  CASE WHEN is_public OR NOT tls AND method = 'password' THEN 'high' ELSE 'low' END AS severity,
  concat(
    coalesce(user_name, 'unknown user'), ' signed in from ', CASE WHEN is_public THEN 'the public address ' ELSE '' END,
    client, CASE WHEN tls THEN concat(' with ', tls_version) ELSE ' without TLS' END,
    CASE WHEN NOT tls AND method = 'password' THEN ', sending the password as it is' ELSE '' END
  ) AS summary
FROM weak
