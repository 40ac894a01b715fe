/*---
id: A14
name: auth.protocol_probe
title: Somebody tries what the server answers to
why: A client that is meant to be here speaks the protocol and knows its database; somebody who tries versions, users and databases in a row is learning what the server is and whom it lets in, before the attack itself.
severity: low
risk: 25
tactic: reconnaissance
attack: [T1595.001, T1046]
quiet: 4h
window: 2 * $window
requires:
  - log_connections = on
parameters:
  window: { type: duration, default: 15m, help: Time in which the tries of one address are counted. }
  min_events: { type: number, default: 8, min: 2, max: 10000, help: Connections from one address that were no sign-in. }
  min_protocols: { type: number, default: 3, min: 1, max: 100, help: "Different complaints of the server about protocol or TLS among them, or else" }
  min_names: { type: number, default: 6, min: 2, max: 1000, help: "different pairs of user and database that were refused without a look at the password." }
  scanners: { type: strings, default: [], help: Addresses of vulnerability scanners and monitors of your own. }
false_positives:
  - A vulnerability scanner of your own. Put its address into scanners.
  - A tool that asks for many databases which were dropped.
  - Many applications without TLS behind one address, after the server began to require it.
runbook:
  - Find out whose address it is. Block it in the server's firewall rules if it is not yours - az postgres flexible-server firewall-rule list -g <group> -n <server>.
  - See what it tried - pgvigil query "SELECT event_time, message FROM records WHERE client = '<client>' AND server = '<server>' ORDER BY event_time".
  - Look for guessed passwords and sign-ins from it (detectors A01, A02, A03).
  - Restrict the firewall rules to the networks that need the server, or use private access.
---*/
WITH refusals AS (
  -- Who comes too early, waits too long or finds no slot is a client like others, as are health checks that only connect.
  SELECT server, session_id, user_name, database_name, client, application, outcome, reason
  FROM sessions
  WHERE NOT is_platform
    AND client IS NOT NULL
    AND NOT list_contains($scanners, client)
    AND (
      outcome = 'protocol_error' AND reason NOT IN ('incomplete_startup', 'no_password_response')
      OR outcome = 'rejected' AND reason IN (
        'no_hba', 'hba_reject', 'tls_required', 'no_such_db', 'not_permitted', 'no_connect_priv', 'no_replication_priv'
      )
    )
), answers AS (
  -- The line of the refusal is the last of its session.
  SELECT r.record_id, r.event_time, r.message, f.*
  FROM refusals f
  JOIN records r ON r.server = f.server AND r.session_id = f.session_id
  WHERE r.event_time > $since - 2 * $window
    AND r.event_time <= $until
    AND r.message IS NOT NULL
    AND NOT regexp_matches(r.message, '^(connection (received|authenticated|authorized|ready)|disconnection): | login attempt: ')
  QUALIFY row_number() OVER (PARTITION BY r.server, r.session_id ORDER BY r.event_time DESC, r.message) = 1
), tries AS (
  SELECT
    * EXCLUDE (message),
    -- A version that does not exist is one more question; the words of PgBouncer are told by their reason.
    CASE
      WHEN outcome = 'protocol_error' THEN CASE
        WHEN reason IN ('tls_handshake', 'protocol_version') AND NOT starts_with(session_id, 'pgbouncer/') THEN left(message, 200)
        ELSE reason
      END
    END AS protocol,
    CASE outcome WHEN 'rejected' THEN concat(user_name, '/', database_name) END AS names
  FROM answers
  -- A client that does not trust the server's certificate, or hangs up, asks nothing.
  WHERE NOT (
    reason = 'tls_handshake'
    AND regexp_matches(
      message, 'alert (unknown ca|bad certificate|certificate (expired|unknown|revoked|required))|EOF detected|reset by peer|Success|closed'
    )
  )
), counted AS (
  SELECT
    *,
    count(*) OVER recent AS events,
    count(DISTINCT protocol) OVER recent AS protocols,
    count(DISTINCT names) OVER recent AS pairs
  FROM tries
  WINDOW recent AS (
    PARTITION BY server, client ORDER BY event_time RANGE BETWEEN $window PRECEDING AND CURRENT ROW
  )
), peaks AS (
  SELECT
    *,
    bool_or(events >= $min_events AND (protocols >= $min_protocols OR pairs >= $min_names)) OVER (
      PARTITION BY server, client ORDER BY event_time RANGE BETWEEN CURRENT ROW AND $window FOLLOWING
    ) AS is_probe
  FROM counted
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application,
  client AS entity,
  concat(
    events, ' connections from ', client, ' were no sign-in: ', protocols, ' kinds of broken protocol or TLS, ',
    pairs, ' pairs of user and database refused'
  ) AS summary,
  events AS observed,
  $min_events AS threshold
FROM peaks
WHERE is_probe
