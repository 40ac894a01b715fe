/*---
id: P06
name: priv.row_security_weakened
title: Row-level security disabled, opened or dropped
why: Row-level security keeps tenants and users apart within one table; once it is off or open, whoever may read the table reads everybody's rows, and apart from migrations nobody has cause to change it.
severity: high
risk: 65
tactic: defense-impairment
attack: [T1685]
attack_v18: [T1562.001]
denied_attempts: true
quiet: 1h
requires:
  - pgaudit.log with ddl
parameters:
  deployers: { type: strings, default: [], help: "Roles that run migrations. That they drop policies, to create them anew, is not reported." }
false_positives:
  - "A restore with pg_restore --clean drops policies and disables row-level security before it drops the tables."
  - A policy that is dropped and created anew. A dropped policy is low for that reason, and because most policies permit.
  - "SET row_security = off is not reported: it passes by no policy, it makes queries fail that one would filter. Only such a failure is (medium), and not that of a pg_dump, which reads nothing then."
runbook:
  - Ask the person behind the account whether the change was meant.
  - If not, put it back - ALTER TABLE <table> ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY, and CREATE POLICY from your migrations.
  - See what is left - psql \d <table> shows the policies, SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class WHERE relkind = 'r' shows the tables.
  - See who read the table since - pgvigil query "SELECT event_time, user_name, client, row_count, normalized FROM activity WHERE list_contains(relations_read, '<table>') ORDER BY event_time".
  - BYPASSRLS for a role is told by detector P02.
---*/
WITH changes AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash, ok,
    coalesce(
      nullif(object_name, ''),
      CASE WHEN list_contains(flags, 'rls_error') THEN nullif(regexp_extract(message, '"(.*)"', 1), '') END,
      target, relations_written[1]
    ) AS name,
    -- Of a string of several statements each row repeats the text. Its command tells which of them it stands for.
    CASE
      WHEN list_contains(flags, 'rls_error') THEN 'refused'
      WHEN list_contains(flags, 'rls_off')
        AND (coalesce(command, '') IN ('DROP POLICY') OR kinds = ['DropStmt']) THEN 'dropped'
      -- An ALTER TABLE beside a dropped policy. No one turns row-level security off without this word.
      WHEN list_contains(flags, 'rls_off')
        AND NOT list_has_any(kinds, ['AlterPolicyStmt', 'CreatePolicyStmt', 'DoStmt'])
        AND NOT contains(lower(coalesce(sql_text, 'security')), 'security') THEN CASE WHEN ok THEN NULL ELSE 'dropped' END
      WHEN list_contains(flags, 'rls_off') AND coalesce(command, '') = 'ALTER POLICY' THEN 'opened'
      WHEN list_contains(flags, 'rls_off') THEN 'disabled'
      ELSE 'rewritten'
    END AS change
  FROM activity
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    AND (
      -- What a DO block did has rows of its own, unless the block failed.
      (list_contains(flags, 'rls_off') AND (kinds <> ['DoStmt'] OR NOT ok))
      OR (
        list_contains(flags, 'rls_error')
        -- The other errors are rows of the wrong tenant that somebody wanted to write: a mistake of the application.
        AND coalesce(message, '') LIKE 'query would be affected by row-level security policy%'
        AND NOT coalesce(regexp_matches(application, '^pg_dump(all)?$'), false)
      )
      OR list_contains(catalogs_written, 'pg_policy')
      OR list_has_any(columns_written, ['pg_class.relrowsecurity', 'pg_class.relforcerowsecurity'])
    )
    AND coalesce(command, '') NOT IN ('CREATE TABLE', 'DROP TABLE', 'GRANT', 'REVOKE', 'SELECT')
    AND (ok OR audit_type IS NOT NULL OR sqlstate = '42501')
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  CASE change WHEN 'dropped' THEN 'low' WHEN 'refused' THEN 'medium' ELSE 'high' END AS severity,
  concat(
    coalesce(user_name, 'unknown user'),
    CASE WHEN ok OR change = 'refused' THEN ' ' ELSE ' tried it in vain: ' END,
    CASE change
      WHEN 'refused' THEN concat('wanted to read ', coalesce(name, 'a table'), ' past its row-level security, and was refused')
      WHEN 'dropped' THEN concat('dropped a policy: ', coalesce(name, 'unknown'))
      WHEN 'opened' THEN concat('opened a policy to every row: ', coalesce(name, 'unknown'))
      WHEN 'rewritten' THEN 'wrote into the catalog of row-level security'
      ELSE concat('took row-level security from ', coalesce(name, 'a table'))
    END
  ) AS summary
FROM changes
WHERE change IS NOT NULL
  AND NOT (change = 'dropped' AND list_contains($deployers, coalesce(user_name, '')))
