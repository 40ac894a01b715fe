/*---
id: P03
name: priv.over_broad_grant
title: Rights granted to everybody, to all tables, or to many objects at once
why: Applications need certain rights on certain objects; rights for everybody, on everything or to pass on reach accounts that nobody had in mind, so that afterwards a weak account is enough to get at the data.
severity: medium
risk: 50
tactic: privilege-escalation
attack: [T1098]
quiet: 1h
window: 2 * $window
requires:
  - pgaudit.log with role
parameters:
  window: { type: duration, default: 10m, help: Time in which granted objects are counted. }
  min_objects: { type: number, default: 50, min: 5, max: 10000, help: Objects granted by one user from one address. }
  deployers: { type: strings, default: [], help: "Roles that run migrations, restores and infrastructure as code. Only rights on server parameters are reported of them." }
false_positives:
  - A new application that is set up with ALL on all of its tables. Grant what it needs, or put the role that sets it up into deployers.
  - "A restore: a dump made with PostgreSQL 14 or older holds GRANT ALL ON SCHEMA public TO PUBLIC."
  - Migrations and restores grant many objects at once, which is why that alone is low.
runbook:
  - Ask the person behind the account whether the grant was meant, and for whom.
  - If not, REVOKE it, and look for default privileges that would grant it again - psql \ddp.
  - See who used it - pgvigil query "SELECT event_time, user_name, client, normalized FROM activity WHERE list_contains(relations_read, '<table>') ORDER BY event_time".
  - See whether the same account granted roles or attributes (detectors P01, P02).
---*/
WITH grants AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash, ok,
    target, grantees,
    list_contains(flags, 'grant_parameter') AS on_parameter,
    -- To PUBLIC, but not what PostgreSQL gives PUBLIC of itself, nor the use of a schema, which opens nothing in it.
    -- The harmless is recognised, not the harmful: whatever is written in another way is reported.
    list_contains(flags, 'to_public')
      AND NOT regexp_matches(
        coalesce(upper(object_type), ''), '^(FUNCTION|PROCEDURE|ROUTINE|AGGREGATE|TYPE|DOMAIN|LANGUAGE)S?$'
      )
      AND NOT (
        statement_count = 1
        AND regexp_matches(
          coalesce(normalized, ''),
          concat(
            '(?i)^\s*grant\s+(usage\s+on\s+(schema|type|domain|language)',
            '|(connect|temp|temporary)(\s*,\s*(connect|temp|temporary))*\s+on\s+database',
            '|(execute|all(\s+privileges)?)\s+on\s+(all\s+)?(function|procedure|routine)s?)\s'
          )
        )
      ) AS to_public,
    -- Whoever names the rights one by one grants as much as ALL. These two no application needs.
    list_contains(flags, 'all_in_schema')
      AND (list_contains(flags, 'priv_all') OR regexp_matches(coalesce(normalized, ''), '(?i)\b(trigger|truncate)\b'))
      AS all_on_all,
    list_contains(flags, 'with_grant') AS with_grant,
    -- GRANT … ON a, b, c TO. Of a string of several statements each has a row of its own.
    CASE
      WHEN NOT ok THEN 0
      WHEN statement_count > 1 THEN 1
      ELSE 1 + len(regexp_replace(regexp_extract(coalesce(normalized, ''), '(?is)\son\s(.*?)\sto\s', 1), '[^,]', '', 'g'))
    END AS objects
  FROM notable_activity
  WHERE event_time > $since - 2 * $window
    AND event_time <= $until
    AND NOT is_platform
    -- What a DO block granted has rows of its own, unless the block failed.
    AND (list_has_any(kinds, ['GrantStmt', 'AlterDefaultPrivilegesStmt']) OR (kinds = ['DoStmt'] AND NOT ok))
    AND len(grantees) > 0
    -- Of a string of several statements each row repeats the text; what a row stands for is its command.
    AND command IS DISTINCT FROM 'REVOKE'
    AND (ok OR audit_type IS NOT NULL OR sqlstate = '42501')
    -- Parameters are nobody's to grant.
    AND (list_contains(flags, 'grant_parameter') OR NOT list_contains($deployers, coalesce(user_name, '')))
), counted AS (
  SELECT
    *,
    sum(objects) OVER (
      PARTITION BY server, user_name, client ORDER BY event_time RANGE BETWEEN $window PRECEDING AND CURRENT ROW
    ) AS granted
  FROM grants
), peaks AS (
  SELECT
    *,
    max(granted) OVER (
      PARTITION BY server, user_name, client ORDER BY event_time RANGE BETWEEN CURRENT ROW AND $window FOLLOWING
    ) AS peak
  FROM counted
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  CASE WHEN on_parameter THEN 'high' WHEN to_public OR all_on_all OR with_grant THEN 'medium' ELSE 'low' END AS severity,
  concat(
    coalesce(user_name, 'unknown user'), CASE WHEN ok THEN ' granted ' ELSE ' tried to grant ' END,
    CASE
      WHEN on_parameter THEN concat('the right to set ', coalesce(target, 'a server parameter'))
      WHEN all_on_all THEN concat('every right on all objects of schema ', coalesce(target, '?'))
      WHEN to_public THEN concat('rights on ', coalesce(target, 'new objects'))
      WHEN with_grant THEN concat('rights on ', coalesce(target, 'new objects'), ' with the right to grant them on')
      ELSE concat('rights on ', granted, ' objects')
    END,
    ' to ', CASE WHEN to_public THEN 'everybody (PUBLIC)' ELSE array_to_string(grantees[1:5], ', ') END
  ) AS summary,
  granted AS observed,
  $min_objects AS threshold
FROM peaks
WHERE on_parameter OR to_public OR all_on_all OR with_grant OR peak >= $min_objects
