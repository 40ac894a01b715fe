/*---
id: Y04
name: policy.application_binding
title: Role used by an application that is not its own
why: A role that is bound to an application is used by nothing else; another name means that its password is known elsewhere, and whoever has it holds the application's rights without the checks that it makes.
severity: medium
risk: 45
tactic: initial-access
attack: [T1078]
mode: off
quiet: 1h
requires:
  - log_connections = on
parameters:
  pairs: { type: strings, default: [], help: "Who may use what: user=application (svc_orders=orders-api). Several for one role are allowed, and % stands for any text. Roles without a pair are left alone." }
false_positives:
  - A new version of the application that calls itself something else.
  - A driver that sets no application_name. Set it in the connection string.
runbook:
  - Ask the owner of the role whether somebody used its password by hand.
  - Find out whose the client address is. The name of the application is written by the client, so a right name proves nothing; a wrong one tells of somebody who did not know.
  - Read what the session did - pgvigil query "SELECT event_time, ok, normalized FROM activity WHERE session_id = '<session>'".
  - If nobody knows of it, end the session with pg_terminate_backend and change the password of the role.
---*/
WITH signed_in AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application,
    -- Everything behind the first = is the application.
    list_transform(
      list_filter($pairs, lambda pair: contains(pair, '=') AND trim(split_part(pair, '=', 1)) = user_name),
      lambda pair: trim(substr(pair, strpos(pair, '=') + 1))
    ) AS allowed
  FROM sign_ins
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    AND outcome = 'success'
    -- The built-in PgBouncer does not tell the application of its clients, neither in its log nor when it signs in.
    AND NOT is_pooler
    AND NOT (client = '[local]' AND coalesce(application, '') = '')
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application,
  concat(user_name, '@', coalesce(client, 'unknown')) AS entity,
  concat(
    user_name, ' signed in ',
    CASE WHEN coalesce(application, '') = '' THEN 'without a name of an application' ELSE concat('with "', left(application, 60), '"') END,
    ', and may only use ', left(array_to_string(list_sort(allowed), ', '), 200)
  ) AS summary
FROM signed_in
WHERE len(allowed) > 0
  AND len(list_filter(allowed, lambda name: coalesce(application, '') LIKE name)) = 0
