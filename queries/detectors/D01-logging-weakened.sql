/*---
id: D01
name: audit.logging_weakened
title: Audit or connection logging weakened
why: Applications leave logging alone; without audit and connection lines nobody sees what is done next and no detector finds it, so that whoever weakens them may be making room for what is not to be seen.
severity: critical
risk: 90
tactic: defense-impairment
attack: [T1685.002]
attack_v18: [T1562.008]
denied_attempts: true
quiet: 15m
requires:
  - pgaudit.log with role, ddl, misc and misc_set
parameters:
  loaders: { type: strings, default: [], help: Roles of data loads and migration services that set session_replication_role in their ordinary work. }
false_positives:
  - Planned tuning of pgaudit.log that takes away role or ddl, or classes of one role or database (medium).
  - A RESET that takes back a setting of one role or database (medium), also the one that repairs an attack.
  - Data loads and migration services that set session_replication_role (medium). Name their role in `loaders`.
  - A client that asks for messages in another language (medium). Errors are then not understood.
runbook:
  - Ask the person behind the account whether the change was meant. A denied try is a finding too.
  - Find what roles and databases set - SELECT setdatabase, setrole, setconfig FROM pg_db_role_setting. Take it back with ALTER ROLE … RESET.
  - Set a server parameter back with az postgres flexible-server parameter set, for instance --name pgaudit.log --value all.
  - Take the time since the change as not audited, and look at connection lines and errors of that time.
---*/
WITH seen AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash, ok,
    flags, kinds, functions, extension,
    settings,
    lower(coalesce(sql_text, message, '')) AS told, lower(coalesce(parameters, '')) AS bound,
    -- What the server refused it names, also where a function or a bind parameter had hidden it.
    lower(regexp_extract(coalesce(message, ''), '^permission denied to set parameter "([^"]{1,256})"', 1)) AS refused
  FROM activity
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    AND (
      len(settings) > 0
      OR list_has_any(flags, ['drop_ext', 'drop_event_trigger', 'grant_parameter'])
      OR list_has_any(kinds, ['AlterExtensionContentsStmt', 'RenameStmt'])
      OR list_contains(functions, 'set_config')
      OR starts_with(message, 'permission denied to set parameter ')
    )
), told AS (
  SELECT
    * EXCLUDE (settings),
    list_concat(
      settings,
      CASE
        WHEN refused <> '' AND NOT list_contains(list_transform(settings, lambda one: one.name), refused)
          THEN [{'name': refused, 'value': NULL::VARCHAR, 'scope': 'attempt'}]
        ELSE []
      END,
      -- pgaudit logs DDL from event triggers of its own. One text may drop other things as well.
      CASE
        WHEN list_contains(flags, 'drop_ext') AND (
          extension = 'pgaudit'
          OR regexp_matches(told, 'drop\W+extension[^;]*pgaudit')
          OR regexp_matches(regexp_replace(told, '/\*.*?\*/', ' ', 'gs'), 'drop\W+extension[^;]*pgaudit')
        ) THEN [{'name': 'the extension pgaudit', 'value': '', 'scope': 'object'}]
        ELSE []
      END,
      CASE
        WHEN list_contains(kinds, 'AlterExtensionContentsStmt') AND contains(told, 'pgaudit')
          THEN [{'name': 'what the extension pgaudit holds', 'value': '', 'scope': 'object'}]
        -- Under another name nobody sees whose it is when it is dropped.
        WHEN contains(told, 'pgaudit') AND (
          list_contains(flags, 'drop_event_trigger') OR (list_contains(kinds, 'RenameStmt') AND contains(told, 'trigger'))
        ) THEN [{'name': 'an event trigger of pgaudit', 'value': '', 'scope': 'object'}]
        ELSE []
      END,
      CASE
        WHEN list_contains(flags, 'grant_parameter') THEN list_transform(
          regexp_extract_all(told, 'pgaudit\.\w{1,60}|\blog_(?:connections|disconnections|min_messages|min_error_statement)\b'),
          lambda name: {'name': name, 'value': '', 'scope': 'granted'}
        )
        ELSE []
      END,
      -- The name is read from pg_settings or bound.
      CASE
        WHEN list_contains(functions, 'set_config')
          AND refused = ''
          AND (contains(told, 'pgaudit') OR contains(bound, 'pgaudit'))
          AND len(list_filter(settings, lambda one: starts_with(one.name, 'pgaudit.'))) = 0
          THEN [{'name': 'a setting of pgaudit', 'value': '', 'scope': 'hidden'}]
        ELSE []
      END
    ) AS settings
  FROM seen
), changes AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash, ok,
    one.name AS parameter, lower(one.value) AS value, one.scope
  FROM told, unnest(settings) AS single(one)
  UNION ALL
  SELECT
    record_id, event_time, server, NULL, NULL, NULL, NULL, NULL, NULL, true,
    parameter, lower(coalesce(value, 'default')), 'server'
  FROM setting_changes
  WHERE event_time > $since
    AND event_time <= $until
), read AS (
  SELECT
    *,
    -- A value such as `all,-role` takes away again what it names before.
    string_split(regexp_replace(value, '[\s"]', '', 'g'), ',') AS words,
    value IN ('reset', 'default') AND scope <> 'server' AS is_reset,
    -- PostgreSQL takes the beginnings of these words as well.
    value IN ('off', 'of', 'false', 'fals', 'fal', 'fa', 'f', 'no', 'n', '0') AS is_off,
    scope NOT IN ('server', 'system') AS is_of_some
  FROM changes
), judged AS (
  SELECT
    *,
    CASE
      WHEN scope IN ('object', 'hidden', 'granted') THEN 'critical'
      -- Of a denied SET whose statement was not shipped, and of one with a bind parameter, only the name is known.
      WHEN value IS NULL AND parameter <> '*' THEN CASE
        WHEN starts_with(parameter, 'pgaudit.') THEN 'critical'
        WHEN parameter IN ('log_connections', 'log_disconnections', 'log_min_messages', 'log_min_error_statement', 'log_line_prefix')
          THEN 'high'
      END
      -- Takes pgaudit.log of a role away without its name.
      WHEN parameter = '*' THEN CASE
        WHEN is_reset AND scope IN ('role', 'database', 'system') THEN 'medium'
        -- UPDATE pg_settings whose WHERE does not tell the name. Of a denied ALTER SYSTEM nothing is known.
        WHEN scope <> 'attempt' AND (value IS NULL OR value IN ('none', '') OR is_off) THEN 'medium'
      END
      WHEN parameter = 'pgaudit.log' THEN CASE
        WHEN is_reset THEN 'medium'
        WHEN list_has_any(words, ['none', '-all', '-role', '-ddl'])
          OR NOT (list_contains(words, 'all') OR list_has_all(words, ['role', 'ddl'])) THEN 'critical'
        -- What one role or database does is to pass unseen.
        WHEN is_of_some AND (
          len(list_filter(words, lambda word: starts_with(word, '-'))) > 0
          OR NOT (list_contains(words, 'all') OR list_has_all(words, ['read', 'write']))
        ) THEN 'medium'
      END
      -- Of this role's grants pgaudit reads what else to log.
      WHEN parameter = 'pgaudit.role' THEN CASE
        WHEN is_reset THEN 'medium'
        WHEN value IN ('', 'none', 'default') THEN 'critical'
        WHEN is_of_some THEN 'medium'
      END
      WHEN parameter IN ('pgaudit.log_statement', 'pgaudit.log_catalog', 'pgaudit.log_relation') AND scope <> 'server' AND is_reset
        THEN 'medium'
      WHEN parameter IN ('pgaudit.log_statement', 'pgaudit.log_catalog') AND is_off THEN 'critical'
      WHEN parameter = 'pgaudit.log_relation' AND is_of_some AND is_off THEN 'critical'
      -- Together with pgaudit.log_client: a level that log_min_messages keeps out of the log.
      WHEN parameter = 'pgaudit.log_level' AND value NOT IN ('log', 'warning', 'reset', 'default') THEN 'critical'
      WHEN parameter = 'log_disconnections' AND (is_off OR value IN ('', 'default')) THEN 'critical'
      -- From PostgreSQL 18 on a list of what is logged.
      WHEN parameter = 'log_connections' AND NOT (
        value IN ('on', 'true', 'tru', 'tr', 't', 'yes', 'ye', 'y', '1', 'all', 'reset') OR list_has_all(words, ['receipt', 'authorization'])
      ) THEN 'critical'
      -- `log` stands above `error` there: errors, and so denied tries, are logged no more.
      WHEN parameter IN ('log_min_messages', 'log_min_error_statement') AND value IN ('log', 'fatal', 'panic') THEN 'critical'
      WHEN parameter = 'log_line_prefix' THEN 'critical'
      WHEN parameter = 'logging_collector' AND is_off THEN 'critical'
      WHEN parameter = 'shared_preload_libraries' AND scope IN ('server', 'system') AND NOT contains(value, 'pgaudit') THEN 'critical'
      -- Errors are read in English.
      WHEN parameter = 'lc_messages' AND NOT regexp_matches(value, '^(?:$|c$|c[._]|posix$|en[._]|english|reset$|default$)') THEN 'medium'
      WHEN parameter = 'session_replication_role' AND value = 'replica' AND NOT list_contains($loaders, coalesce(user_name, ''))
        THEN 'medium'
    END AS severity
  FROM read
), worst AS (
  -- One text may change several settings.
  SELECT *
  FROM judged
  WHERE severity IS NOT NULL
  QUALIFY row_number() OVER (
    PARTITION BY server, record_id ORDER BY array_position(['critical', 'high', 'medium'], severity), parameter, value
  ) = 1
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, CASE scope WHEN 'server' THEN 'server' ELSE 'unknown' END), '@', coalesce(client, 'server')) AS entity,
  severity,
  concat(
    coalesce(user_name, CASE scope WHEN 'server' THEN 'the server configuration' ELSE 'unknown user' END),
    CASE scope
      WHEN 'object' THEN concat(CASE WHEN ok THEN ' took apart ' ELSE ' tried to take apart ' END, parameter)
      WHEN 'granted' THEN concat(CASE WHEN ok THEN ' gave away' ELSE ' tried to give away' END, ' the right to set ', parameter)
      WHEN 'hidden' THEN concat(CASE WHEN ok THEN ' set ' ELSE ' tried to set ' END, parameter, ' without naming it in plain')
      ELSE concat(
        CASE WHEN ok THEN ' set ' ELSE ' tried to set ' END,
        CASE parameter WHEN '*' THEN 'all parameters' ELSE parameter END,
        CASE WHEN value IS NULL THEN '' ELSE concat(' to "', left(value, 60), '" (', scope, ')') END
      )
    END
  ) AS summary
FROM worst
