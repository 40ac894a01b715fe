/*---
id: Y03
name: policy.outside_networks
title: Sign-in from outside the trusted networks
why: The networks that may sign in are named, so that a sign-in from elsewhere shows a hole in the firewall or in the list; a stolen password works from there as well as from the office.
severity: high
risk: 60
tactic: initial-access
attack: [T1078]
mode: "off"
quiet: 1d
requires:
  - log_connections = on
  - client addresses
  - networks
parameters:
  exempt_users: { type: strings, default: [], help: Roles that may sign in from anywhere. }
false_positives:
  - An office, VNet or firewall rule that the section networks does not have yet.
runbook:
  - Find out whose address it is - pgvigil query "SELECT * FROM addresses WHERE client = '<address>'".
  - If it is yours, add it to networks; the detector follows the configuration from the next start on.
  - If not, end the session with pg_terminate_backend, change the password and read what the session did.
  - Take away the firewall rule that let it in - az postgres flexible-server firewall-rule list -g <group> -n <server>.
---*/
SELECT
  s.record_id, s.event_time, s.server, s.session_id, s.user_name, s.client, s.database_name, s.application,
  concat(s.user_name, '@', s.client) AS entity,
  concat(
    s.user_name, ' signed in from ', s.client,
    CASE WHEN len(a.labels) > 0 THEN concat(', which is ', a.labels[1], ' and not trusted') ELSE ', outside of all trusted networks' END
  ) AS summary
FROM sign_ins s
JOIN addresses a ON a.client = s.client
WHERE s.event_time > $since
  AND s.event_time <= $until
  AND s.outcome = 'success'
  AND NOT s.is_platform
  AND NOT a.is_trusted
  AND a.kind NOT IN ('loopback', 'link_local')
  AND NOT list_contains($exempt_users, coalesce(s.user_name, ''))
