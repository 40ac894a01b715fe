/*---
id: P05
name: priv.security_definer_risk
title: Function that lends its owner's rights without a fixed search_path, or runs SQL that it is given
why: Such a function runs with its owner's rights for everybody who may call it; where it does not fix its search_path, or runs SQL that it puts together, a caller can slip in objects or text that run with those rights.
severity: high
risk: 65
tactic: privilege-escalation
attack: [T1548, T1574]
quiet: 1h
requires:
  - pgaudit.log with ddl
parameters:
  deployers: { type: strings, default: [], help: "Roles that run migrations and restores. Of them a missing search_path alone is not reported, only what is high." }
false_positives:
  - Many applications ship such functions without a search_path. It is a weakness all the same; put the role that deploys them into deployers.
  - A function that maintains partitions and runs dynamic SQL under a fixed search_path (medium). See that it quotes names with format and %I.
runbook:
  - Read the function - psql \sf <name>. Everybody may call it unless EXECUTE was revoked, and it runs with the rights of its owner.
  - Ask the person behind the account what it is for. If nobody knows, DROP it.
  - Otherwise pin it - ALTER FUNCTION <name> SET search_path = pg_catalog, pg_temp - and REVOKE EXECUTE ON FUNCTION <name> FROM PUBLIC.
  - See who called it - pgvigil query "SELECT event_time, user_name, client, ok FROM activity WHERE list_contains(functions, '<name>') ORDER BY event_time". What it read does not stand in the log.
---*/
WITH definitions AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash, ok,
    coalesce(nullif(object_name, ''), target) AS name,
    list_contains(flags, 'security_definer') AS is_definer,
    list_contains(flags, 'dyn_exec') AS is_dynamic,
    list_has_any(flags, ['body_danger', 'body_copy_program']) AS is_dangerous,
    -- A text with several statements may pin one function and leave another as it is: only one alone is trusted to be pinned.
    list_has_any(flags, ['no_search_path', 'search_path_unsafe'])
      OR (
        list_contains(kinds, 'AlterFunctionStmt')
        AND NOT (statement_count = 1 AND list_contains(list_transform(settings, lambda s: s.name), 'search_path'))
      ) AS is_open,
    -- ALTER FUNCTION … RESET search_path. Whether the function lends rights does not stand in the statement.
    list_contains(kinds, 'AlterFunctionStmt') AND list_contains(flags, 'search_path_unsafe') AS is_unpinned
  FROM activity
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    AND list_has_any(kinds, ['CreateFunctionStmt', 'AlterFunctionStmt', 'DoStmt'])
    AND (
      list_contains(flags, 'security_definer')
      OR (list_contains(kinds, 'AlterFunctionStmt') AND list_contains(flags, 'search_path_unsafe'))
    )
    -- What a DO block created has rows of its own, unless the block failed.
    AND (kinds <> ['DoStmt'] OR NOT ok)
    -- Of a string of several statements each row repeats the text; its command tells which of them it stands for.
    AND regexp_matches(coalesce(nullif(command, ''), 'DO'), '^(CREATE|ALTER) (FUNCTION|PROCEDURE|ROUTINE)$|^(DO|\?\?\?)$')
    AND (ok OR audit_type IS NOT NULL OR sqlstate = '42501')
), judged AS (
  SELECT
    *,
    CASE
      WHEN is_definer AND (is_dangerous OR (is_dynamic AND is_open)) THEN 'high'
      WHEN is_definer AND (is_dynamic OR is_open) THEN 'medium'
      WHEN is_unpinned THEN 'low'
    END AS severity
  FROM definitions
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash, severity,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  concat(
    coalesce(user_name, 'unknown user'), CASE WHEN ok THEN ' defined ' ELSE ' tried to define ' END,
    coalesce(name, 'a function'),
    CASE
      WHEN is_definer THEN concat(
        ', which runs with its owner''s rights',
        CASE WHEN is_dangerous THEN ' and reaches for files, other servers, roles or settings' ELSE '' END,
        CASE WHEN is_dynamic THEN ' and runs SQL that it puts together' ELSE '' END,
        CASE WHEN is_open THEN ', without a safe search_path of its own' ELSE '' END
      )
      ELSE ' without a safe search_path'
    END
  ) AS summary
FROM judged
WHERE severity = 'high' OR (severity IS NOT NULL AND NOT list_contains($deployers, coalesce(user_name, '')))
