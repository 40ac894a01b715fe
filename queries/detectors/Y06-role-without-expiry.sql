/*---
id: Y06
name: policy.role_without_expiry
title: Role that can sign in for ever
why: A password that expires closes a forgotten account by itself; a role that can sign in for ever stays a way in for whoever learns its password, long after the last person who needed it is gone.
severity: medium
risk: 25
tactic: persistence
attack: [T1136.001]
mode: off
quiet: 1h
requires:
  - pgaudit.log with role
parameters:
  roles: { type: strings, default: [], help: "Roles that have to expire, in lower case, with % for any text (% for all). Without them nothing is reported." }
  exempt: { type: strings, default: [], help: "Of these, the ones that need not, for example of services (svc_%)." }
  endless_year: { type: number, default: 2100, min: 2000, max: 294276, help: An expiry in this year or later is none. }
false_positives:
  - A role that gets its VALID UNTIL in a later ALTER ROLE. Set it with CREATE ROLE.
  - VALID UNTIL behind PASSWORD, which pgaudit cuts off (low). Write it before PASSWORD.
  - LOGIN given back to a role that has an expiry already (low).
runbook:
  - Ask the person behind the account how long the role is needed.
  - Set the expiry - ALTER ROLE <role> VALID UNTIL '<date>'. It is the password that expires; sign-in with Microsoft Entra ID goes on.
  - Find all such roles - SELECT rolname FROM pg_roles WHERE rolcanlogin AND (rolvaliduntil IS NULL OR rolvaliduntil = 'infinity').
---*/
WITH definitions AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash, kinds, role_options,
    target, tail_redacted,
    -- Literals, quoted names and comments out, so that none of them can pass for an expiry.
    regexp_replace(
      regexp_replace(lower(coalesce(normalized, sql_text, '')), '"[^"]*"|''[^'']*''', 'x', 'g'), '/\*.*?\*/|--[^\n]*', ' ', 'gs'
    ) AS code,
    regexp_extract_all(lower(coalesce(sql_text, '')), 'valid\s+until\s+e?''([^'']{0,60})''', 1) AS expiries,
    -- One text may make several roles, and the last is the target.
    list_append(
      regexp_extract_all(
        regexp_replace(lower(coalesce(sql_text, '')), '/\*.*?\*/', ' ', 'gs'), '\bcreate\s+(?:role|user|group)\s+"?([^\s";]{1,63})', 1
      ),
      target
    ) AS names
  FROM activity
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    -- A statement that failed made no role.
    AND ok
    AND list_has_any(kinds, ['CreateRoleStmt', 'AlterRoleStmt'])
    AND len($roles) > 0
), counted AS (
  SELECT
    *,
    len(regexp_extract_all(code, '\bvalid\s+until\b')) AS stated,
    len(regexp_extract_all(code, '\bcreate\s+(?:role|user|group)\b')) AS made,
    len(list_filter(
      expiries,
      lambda expiry: contains(expiry, 'infinity')
        OR coalesce(try_cast(regexp_extract(expiry, '\b(\d{4,6})\b', 1) AS INTEGER), 0) >= $endless_year
    )) > 0 AS is_endless
  FROM definitions
  WHERE len(list_filter(
    names,
    lambda name: len(list_filter($roles, lambda pattern: name LIKE pattern)) > 0
      AND len(list_filter($exempt, lambda pattern: name LIKE pattern)) = 0
  )) > 0
), judged AS (
  SELECT
    *,
    CASE
      WHEN is_endless THEN 'medium'
      WHEN list_contains(kinds, 'CreateRoleStmt') AND list_contains(role_options, 'canlogin') AND stated < greatest(made, 1)
        THEN CASE WHEN tail_redacted THEN 'low' ELSE 'medium' END
      -- It may have an expiry from before.
      WHEN list_contains(role_options, 'canlogin') AND stated = 0 THEN 'low'
    END AS severity
  FROM counted
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  severity,
  concat(
    coalesce(user_name, 'unknown user'),
    CASE WHEN list_contains(kinds, 'CreateRoleStmt') THEN ' created ' ELSE ' changed ' END, 'the role ', target,
    CASE
      WHEN is_endless THEN ', which never expires'
      WHEN severity = 'medium' THEN ' without VALID UNTIL'
      WHEN tail_redacted THEN '; whether it expires was cut off behind PASSWORD'
      ELSE ', which can sign in now; whether it expires is not seen'
    END
  ) AS summary
FROM judged
WHERE severity IS NOT NULL
