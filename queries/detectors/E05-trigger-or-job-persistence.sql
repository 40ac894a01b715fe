/*---
id: E05
name: exec.trigger_or_job_persistence
title: Event trigger, scheduled job, rule or owner that keeps a foothold
why: What runs on an event, by schedule or under another owner outlasts the session and a changed password; outside of set-up work it is seldom touched, and an intruder keeps a foothold or silences triggers that guard data.
severity: high
risk: 65
tactic: persistence
attack: [T1546, T1053]
denied_attempts: true
quiet: 1h
requires:
  - pgaudit.log with ddl, read, write and function
  - log_min_error_statement = error
parameters:
  platform: { type: strings, default: [azuresu, azure_superuser], help: Roles of the platform. What they own runs with their rights. }
  schedulers: { type: strings, default: [], help: Roles that schedule pg_cron jobs in their ordinary work. A job with dangerous SQL is reported all the same. }
  loaders: { type: strings, default: [], help: Roles that switch off triggers for a data load in their ordinary work. }
false_positives:
  - Migrations that create rules, and loads that disable triggers (medium). Name the role of the load in `loaders`.
  - Jobs of pg_cron that the platform team sets up. Name its role in `schedulers`.
  - A restore of a dump with owners that was taken on a Flexible Server. Restore with --no-owner.
  - A function of your own called schedule, without a schema before its name.
runbook:
  - Ask the person behind the account whether it was meant.
  - Look at what stays - SELECT jobid, schedule, command, username, active FROM cron.job; \dy for event triggers, \d+ of the table for triggers and rules.
  - Take it away (SELECT cron.unschedule(<jobid>), DROP EVENT TRIGGER, DROP RULE, ALTER TABLE … ENABLE TRIGGER ALL).
  - Read what the session did before and after - pgvigil query "SELECT event_time, ok, normalized FROM activity WHERE session_id = '<session>'".
---*/
WITH seen AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash, ok,
    flags, grantees, target, lower(coalesce(sql_text, '')) AS text, lower(coalesce(normalized, '')) AS code,
    -- A refusal tells of what was called through a function.
    lower(regexp_extract(coalesce(message, ''), '^must be (?:member of|able to set) role "([^"]{1,128})"$', 1, 'i')) AS owner_refused,
    coalesce(starts_with(message, 'permission denied to create event trigger'), false) AS event_trigger_refused,
    list_has_any(functions, ['schedule', 'schedule_in_database', 'alter_job']) AS calls_schedule,
    -- As pgaudit names it, where search_path says the schema.
    list_contains(relations_written, 'cron.job') OR (class = 'WRITE' AND object_name = 'cron.job') AS writes_jobs
  FROM activity
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    AND (
      list_has_any(flags, ['owner_change', 'event_trigger', 'drop_event_trigger', 'create_rule', 'trigger_off'])
      OR list_has_any(functions, ['schedule', 'schedule_in_database', 'alter_job'])
      OR list_contains(relations_written, 'cron.job')
      OR object_name = 'cron.job'
      OR regexp_matches(message, '^(?:must be |permission denied to create event trigger)')
    )
), marked AS (
  SELECT
    *,
    -- A call that is plainly of another schema than cron is not pg_cron's. In doubt (no schema, escapes, blocks of code) it is.
    calls_schedule AND NOT (
      NOT contains(text, 'cron')
      AND NOT contains(code, 'u&"')
      AND regexp_matches(code, '[\w"]\s*\.\s*"?(?:schedule|schedule_in_database|alter_job)"?\s*\(')
      AND NOT regexp_matches(
        regexp_replace(code, '[\w"]\s*\.\s*"?(?:schedule|schedule_in_database|alter_job)"?\s*\(', '', 'g'), 'schedule|alter_job'
      )
    ) AS schedules
  FROM seen
), judged AS (
  SELECT
    *,
    CASE
      WHEN (list_contains(flags, 'owner_change') AND list_has_any(grantees, $platform)) OR list_contains($platform, owner_refused)
        THEN 'platform_owner'
      WHEN list_contains(flags, 'event_trigger') OR event_trigger_refused THEN 'event_trigger'
      WHEN (schedules OR writes_jobs) AND (
        NOT list_contains($schedulers, coalesce(user_name, '')) OR list_has_any(flags, ['body_danger', 'body_copy_program'])
      ) THEN 'job'
      WHEN list_contains(flags, 'drop_event_trigger') THEN 'event_trigger_off'
      WHEN list_contains(flags, 'create_rule') THEN 'rule'
      WHEN list_contains(flags, 'trigger_off') AND NOT list_contains($loaders, coalesce(user_name, '')) THEN 'trigger_off'
    END AS reason
  FROM marked
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  CASE WHEN reason IN ('rule', 'trigger_off') THEN 'medium' ELSE 'high' END AS severity,
  concat(
    coalesce(user_name, 'unknown user'),
    CASE reason
      WHEN 'platform_owner' THEN concat(' gave ', coalesce(target, 'an object'), ' to a role of the platform')
      WHEN 'event_trigger' THEN concat(' created or enabled an event trigger', ' ' || target)
      WHEN 'event_trigger_off' THEN concat(' dropped or disabled an event trigger', ' ' || target)
      WHEN 'job' THEN concat(
        ' scheduled or changed a job of pg_cron',
        CASE WHEN list_has_any(flags, ['body_danger', 'body_copy_program']) THEN ' with dangerous SQL' ELSE '' END
      )
      WHEN 'rule' THEN concat(' created a rule on ', coalesce(target, '?'))
      ELSE concat(' switched off triggers of ', coalesce(target, '?'))
    END,
    CASE WHEN ok THEN '' ELSE ', which failed' END
  ) AS summary
FROM judged
WHERE reason IS NOT NULL
