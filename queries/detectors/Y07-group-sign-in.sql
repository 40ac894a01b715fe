/*---
id: Y07
name: policy.group_sign_in
title: Group role signed in
why: Group roles carry rights for their members and are not signed in with; a sign-in as one hides which person it was, and gives whoever has the password the rights of the whole group.
severity: medium
risk: 40
tactic: initial-access
attack: [T1078]
mode: off
quiet: 1h
requires:
  - log_connections = on
parameters:
  groups: { type: strings, default: [], help: "Roles that are only granted to others and never sign in, with % for any text (grp_%). Without them nothing is reported." }
false_positives:
  - A group of Microsoft Entra ID, whose members sign in with the name of the group. Leave it out.
runbook:
  - Find out who holds its password. The identity in the view sessions and the client address are all that tells who it was.
  - Take LOGIN away - ALTER ROLE <role> NOLOGIN - and give the people roles of their own.
  - Find out who gave it LOGIN - pgvigil query "SELECT event_time, user_name, sql_text FROM activity WHERE target = '<role>' AND list_contains(role_options, 'canlogin')".
---*/
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application,
  concat(user_name, '@', coalesce(client, 'unknown')) AS entity,
  concat('the group role ', user_name, ' signed in from ', coalesce(client, 'an unknown client')) AS summary
FROM sign_ins
WHERE event_time > $since
  AND event_time <= $until
  AND NOT is_platform
  AND outcome = 'success'
  AND len(list_filter($groups, lambda pattern: user_name LIKE pattern)) > 0
