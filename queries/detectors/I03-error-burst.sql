/*---
id: I03
name: inj.error_burst
title: Burst of syntax or cast errors from the account of an application
why: A program that works sends SQL that parses and values that fit; a burst of broken statements comes of somebody who tries which input breaks out of its quotes, and the try that does not fail reads or changes data.
severity: medium
risk: 47
tactic: initial-access
attack: [T1190]
denied_attempts: true
quiet: 4h
window: 2 * $window
requires:
  - log_min_messages = error
  - log_min_error_statement = error
parameters:
  window: { type: duration, default: 30m, help: Time in which failed statements are counted. }
  min_statements: { type: number, default: 3, min: 2, max: 1000, help: "Different statements that failed, of which one bears a trait of injection: a torn quote, a condition that is always true, a comment that cuts the rest off, a UNION that does not fit, data in an error." }
  min_plain: { type: number, default: 8, min: 3, max: 10000, help: "The same without such a trait. Unknown tables, columns and functions are not counted, because a release that runs ahead of its migration has those." }
  tools:
    type: string
    default: '^(psql|pgcli|pgadmin|dbeaver|datagrip|intellij|jetbrains|azure ?data ?studio|vscode|visual studio|beekeeper|tableplus|navicat|heidisql|metabase|grafana|tableau|superset|redash|power ?bi|retool|jupyter|rstudio)'
    help: Regular expression over application_name of programs in which people write SQL. Who injects speaks through the program and does not choose this name.
  developers: { type: strings, default: [], help: Roles of people and test systems that try out SQL in programs of their own. }
false_positives:
  - A program that puts input between quotes by itself fails of every O'Brien. That is a hole for injection, found before somebody uses it.
  - Developers and test systems that send SQL from scripts. Put their roles into developers.
runbook:
  - Read what failed - pgvigil query "SELECT event_time, sqlstate, message, sql_text FROM activity WHERE user_name = '<user>' AND NOT ok AND event_time > '<first_seen>' ORDER BY event_time".
  - If input of a visitor stands in the texts, mend that place with bind parameters, and take the attempts for an attack.
  - Look for statements of the same account that did not fail (detectors I01, I02).
  - If a release is broken, mend the release.
---*/
WITH failures AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
    -- A value that does not fit the type is data, and data changes with every call; a text that does not parse is its own shape.
    CASE
      WHEN sql_text IS NULL THEN CASE WHEN sqlstate IN ('22P02', '22007') THEN statement_hash ELSE message END
      WHEN parse_ok THEN template_id
      ELSE statement_hash
    END AS statement,
    list_has_any(flags, [
      'unterminated_quote', 'tautology', 'tautology_rand', 'contradiction', 'union_probe', 'union_catalog', 'stacked',
      'comment_tail', 'inline_comment', 'err_cast', 'sleep', 'heavy_gs'
    ])
      OR chr_chain >= 3
      OR (list_contains(flags, 'union') AND sqlstate IN ('42601', '42804')) AS traited,
    sqlstate NOT IN ('42703', '42P01', '42883') AS is_structure
  FROM notable_activity
  WHERE source = 'error'
    AND event_time > $since - 2 * $window
    AND event_time <= $until
    AND NOT is_platform
    AND sqlstate IN ('42601', '22P02', '22007', '42804', '42703', '42883', '42P01', '42P10', '21000')
    AND NOT regexp_matches(lower(coalesce(application, '')), $tools)
    AND NOT list_contains($developers, coalesce(user_name, ''))
), counted AS (
  SELECT
    *,
    count(DISTINCT statement) OVER recent AS failed,
    count(DISTINCT CASE WHEN is_structure THEN statement END) OVER recent AS plain,
    count(*) FILTER (traited) OVER recent AS traits
  FROM failures
  WINDOW recent AS (
    PARTITION BY server, user_name, client ORDER BY event_time RANGE BETWEEN $window PRECEDING AND CURRENT ROW
  )
), peaks AS (
  SELECT
    *,
    bool_or((failed >= $min_statements AND traits > 0) OR plain >= $min_plain) OVER (
      PARTITION BY server, user_name, client ORDER BY event_time RANGE BETWEEN CURRENT ROW AND $window FOLLOWING
    ) AS is_burst
  FROM counted
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  concat(
    failed, CASE failed WHEN 1 THEN ' statement' ELSE ' different statements' END, ' of ', coalesce(user_name, 'an unknown user'),
    ' from ', coalesce(client, 'an unknown address'), ' failed of their syntax or of values that do not fit',
    CASE WHEN traits > 0 THEN concat(', ', traits, ' with a trait of SQL injection') ELSE '' END
  ) AS summary,
  failed AS observed,
  CASE WHEN traits > 0 THEN $min_statements ELSE $min_plain END AS threshold
FROM peaks
WHERE is_burst
