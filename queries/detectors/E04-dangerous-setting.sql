/*---
id: E04
name: exec.dangerous_setting
title: Setting that runs code or weakens sign-in
why: These settings run programs, load code, or guard sign-in and the catalogs; applications leave them alone, and whoever changes one gets code that runs by itself or an easier way in.
severity: high
risk: 80
tactic: execution
attack: [T1574, T1543, T1556]
denied_attempts: true
quiet: 1h
requires:
  - pgaudit.log with ddl, role and misc
  - log_min_error_statement = error
parameters:
  settings:
    type: strings
    default:
      - archive_command
      - archive_library
      - restore_command
      - archive_cleanup_command
      - recovery_end_command
      - ssl_passphrase_command
      - primary_conninfo
      - dynamic_library_path
      - extension_control_path
      - jit_provider
      - hba_file
      - ident_file
      - unix_socket_directories
      - oauth_validator_libraries
      - plperl.on_init
      - plperl.on_plperl_init
      - plperl.on_plperlu_init
      - pltcl.start_proc
      - pltclu.start_proc
      - plv8.start_proc
    help: Settings whose every new value is reported. They run programs or functions, or say where code and sign-in rules come from.
  libraries:
    type: strings
    default: [auto_explain, pg_hint_plan, pg_stat_statements, pgaudit, pg_cron, pg_partman_bgw, pglogical, timescaledb, age]
    help: Libraries that may stand in session_preload_libraries and the like.
  expected:
    type: strings
    default: ['BlobLogUpload.sh %f %p']
    help: Values that you or the platform set on purpose, whole and as logged.
false_positives:
  - Maintenance in which the platform changes a command of its own. Put the value into `expected`.
  - An old client that knows no SCRAM, for which somebody sets password_encryption to md5 (medium).
runbook:
  - Ask the person behind the account whether the change was meant. A denied try is a finding too.
  - Take it back (ALTER ROLE or ALTER DATABASE … RESET, or az postgres flexible-server parameter set), and look for more of it - SELECT setdatabase, setrole, setconfig FROM pg_db_role_setting.
  - After a change of password_encryption, set the passwords again that were changed since.
  - Where a command, a path or a library of the whole server changed, treat the server as taken over and open a case with Azure support.
---*/
WITH seen AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash, ok, flags,
    settings,
    lower(coalesce(sql_text, '')) AS text,
    -- What the server refused it names, also where a function or a bind parameter had hidden it.
    lower(regexp_extract(
      coalesce(message, ''), '^(?:permission denied to set )?parameter "([^"]{1,256})" ?(?:$|cannot be |requires a superuser)', 1
    )) AS refused
  FROM activity
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    AND (len(settings) > 0 OR list_contains(flags, 'grant_parameter') OR contains(message, 'parameter "'))
), told AS (
  SELECT
    * EXCLUDE (settings),
    list_concat(
      settings,
      CASE WHEN refused <> '' THEN [{'name': refused, 'value': NULL::VARCHAR, 'scope': 'attempt'}] ELSE [] END,
      CASE
        WHEN list_contains(flags, 'grant_parameter') THEN list_transform(
          list_filter(
            list_concat($settings, ['session_preload_libraries', 'local_preload_libraries', 'allow_system_table_mods']),
            lambda name: contains(text, name)
          ),
          lambda name: {'name': name, 'value': NULL::VARCHAR, 'scope': 'granted'}
        )
        ELSE []
      END
    ) AS settings
  FROM seen
), changes AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash, ok,
    one.name AS parameter, one.value, one.scope
  FROM told, unnest(settings) AS single(one)
  UNION ALL
  SELECT
    record_id, event_time, server, NULL, NULL, NULL, NULL, NULL, NULL, true,
    parameter, coalesce(value, 'DEFAULT'), 'server'
  FROM setting_changes
  WHERE event_time > $since
    AND event_time <= $until
), read AS (
  SELECT
    *,
    lower(trim(value)) AS plain,
    -- Of a refused SET without its text, and of one with a bind parameter, only the name is known.
    value IS NULL AS is_unknown,
    -- PostgreSQL takes the beginnings of these words as well.
    plain IN ('on', 'true', 'tru', 'tr', 't', 'yes', 'ye', 'y', '1') AS is_on,
    plain IN ('off', 'of', 'false', 'fals', 'fal', 'fa', 'f', 'no', 'n', '0') AS is_off
  FROM changes
), judged AS (
  SELECT
    *,
    CASE
      -- No lower limit.
      WHEN parameter = 'ssl_min_protocol_version' AND plain = '' THEN 'high'
      WHEN plain IN ('', 'reset', 'default') OR list_contains($expected, value) THEN NULL
      -- A standby gets a new one whenever the platform fails over.
      WHEN parameter = 'primary_conninfo' AND scope = 'server' THEN NULL
      WHEN parameter = 'dynamic_library_path' AND plain = '$libdir' THEN NULL
      WHEN list_contains($settings, parameter) THEN 'high'
      WHEN parameter IN ('session_preload_libraries', 'local_preload_libraries', 'shared_preload_libraries') THEN
        CASE
          WHEN NOT is_unknown AND list_has_all(
            $libraries,
            string_split(regexp_replace(regexp_replace(plain, '[\s"]', '', 'g'), '(^|,)\$libdir/(?:plugins/)?', '\1', 'g'), ',')
          ) THEN NULL
          ELSE 'high'
        END
      WHEN parameter IN ('allow_system_table_mods', 'zero_damaged_pages', 'ignore_system_indexes')
        THEN CASE WHEN is_unknown OR is_on THEN 'high' END
      WHEN parameter IN ('require_secure_transport', 'ssl')
        THEN CASE WHEN is_unknown THEN 'medium' WHEN is_off THEN 'high' END
      WHEN parameter IN ('ssl_min_protocol_version', 'ssl_max_protocol_version')
        THEN CASE WHEN is_unknown THEN 'medium' WHEN plain IN ('tlsv1', 'tlsv1.0', 'tlsv1.1') THEN 'high' END
      WHEN parameter = 'password_encryption'
        THEN CASE WHEN is_unknown OR NOT starts_with(plain, 'scram') THEN 'medium' END
    END AS severity
  FROM read
), worst AS (
  -- One text may change several settings: high comes before medium.
  SELECT *
  FROM judged
  WHERE severity IS NOT NULL
  QUALIFY row_number() OVER (PARTITION BY server, record_id ORDER BY severity, is_unknown, parameter, value) = 1
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, CASE scope WHEN 'server' THEN 'server' ELSE 'unknown' END), '@', coalesce(client, 'server')) AS entity,
  severity,
  concat(
    coalesce(user_name, CASE scope WHEN 'server' THEN 'the server configuration' ELSE 'unknown user' END),
    CASE
      WHEN scope = 'granted' THEN CASE WHEN ok THEN ' gave away the right to set ' ELSE ' tried to give away the right to set ' END
      WHEN ok THEN ' set '
      ELSE ' tried to set '
    END,
    parameter,
    CASE WHEN is_unknown THEN '' ELSE concat(' to "', left(value, 60), '" (', scope, ')') END
  ) AS summary
FROM worst
