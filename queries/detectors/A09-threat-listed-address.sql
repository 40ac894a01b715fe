/*---
id: A09
name: auth.threat_listed_address
title: Sign-in attempt from an address on a threat list
why: Addresses on a threat list were seen in attacks elsewhere or hide who is behind them, as exits of Tor do; ordinary clients are seldom among them, and one that signs in gets at all that its account may.
severity: high
risk: 70
tactic: initial-access
attack: [T1090.003, T1078]
quiet: 1d
requires:
  - log_connections = on
  - client addresses
  - enrichment.threatLists
parameters:
  fresh: { type: duration, default: 14d, help: Age of a list above which the alert is a step lower; addresses change hands. }
  ignored_lists: { type: strings, default: [], help: Lists that are looked up and raise nothing. }
false_positives:
  - An address that was given to somebody else since. The alert tells the date of the list.
  - Colleagues who use Tor or a listed VPN.
runbook:
  - Look whether a sign-in succeeded (high) or was refused (medium).
  - If it succeeded, end the session with pg_terminate_backend, change the password and read what the session did.
  - Close the firewall for the address - az postgres flexible-server firewall-rule list -g <group> -n <server> - or take the server off the Internet with Private Link.
---*/
WITH listed AS (
  SELECT client, lists_as_of, list_filter(lists, lambda name: NOT list_contains($ignored_lists, name)) AS lists
  FROM addresses
  WHERE len(lists) > 0
)
SELECT
  s.record_id, s.event_time, s.server, s.session_id, s.user_name, s.client, s.database_name, s.application,
  s.client AS entity,
  CASE
    WHEN s.outcome = 'success' AND s.event_time - l.lists_as_of <= $fresh THEN 'high'
    WHEN s.outcome = 'success' OR s.event_time - l.lists_as_of <= $fresh THEN 'medium'
    ELSE 'low'
  END AS severity,
  concat(
    s.client, ', on ', array_to_string(l.lists, ', '), ' of ', strftime(l.lists_as_of, '%Y-%m-%d'),
    CASE WHEN s.outcome = 'success' THEN ', signed in as ' ELSE ', was refused as ' END, coalesce(s.user_name, 'unknown user')
  ) AS summary
FROM sign_ins s
JOIN listed l ON l.client = s.client
WHERE s.event_time > $since
  AND s.event_time <= $until
  AND NOT s.is_platform
  AND len(l.lists) > 0
