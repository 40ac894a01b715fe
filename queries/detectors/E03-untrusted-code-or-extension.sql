/*---
id: E03
name: exec.untrusted_code_or_extension
title: Untrusted language, library or risky extension
why: Libraries and untrusted languages run as the server itself, and these extensions run code, keep jobs or reach files and other servers; applications seldom set them up, and an intruder gets a foothold that stays.
severity: high
risk: 80
tactic: persistence
attack: [T1505.001, T1059.006, T1129]
denied_attempts: true
quiet: 1h
requires:
  - pgaudit.log with ddl, function and misc
  - log_min_error_statement = error
parameters:
  extensions:
    type: strings
    default:
      - dblink
      - postgres_fdw
      - file_fdw
      - oracle_fdw
      - tds_fdw
      - mysql_fdw
      - odbc_fdw
      - multicorn
      - http
      - pg_net
      - azure_storage
      - azure_ai
      - pg_cron
      - pg_background
      - pglogical
      - adminpack
      - pageinspect
      - plpythonu
      - plpython3u
      - plperlu
      - pltclu
      - plsh
    help: Extensions whose creation is reported. They run code, keep jobs, or reach files and other servers.
  libraries:
    type: strings
    default: [age, auto_explain, pg_hint_plan]
    help: Libraries that clients load in their ordinary work, without $libdir.
false_positives:
  - The first set-up of dblink, postgres_fdw, pg_cron or the like (medium). Take an extension that every start of an application creates out of `extensions`.
  - A restore of a database from elsewhere with functions in C. It cannot succeed on a Flexible Server.
runbook:
  - Ask the person behind the account whether it was meant. C and untrusted languages are refused on a Flexible Server, so the try is the finding.
  - Remove what was made (DROP EXTENSION or DROP FUNCTION), and take the extension off the allow-list with az postgres flexible-server parameter set --name azure.extensions --value "<the others>".
  - Look for what the extension was used for - connections to other servers (detector X05), jobs (E05).
  - Read what the session did - pgvigil query "SELECT event_time, ok, normalized FROM activity WHERE session_id = '<session>'".
---*/
WITH seen AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash, ok,
    flags, language, extension, statement_count, lower(coalesce(path, '')) AS path, lower(coalesce(message, '')) AS refusal,
    -- A text may create several extensions: pgaudit names the one that was made, a refusal the one that was not.
    list_distinct([
      CASE WHEN list_contains(flags, 'create_ext') THEN extension END,
      CASE WHEN list_contains(flags, 'create_ext') AND object_type = 'EXTENSION' THEN lower(object_name) END,
      lower(regexp_extract(coalesce(message, ''), '^permission denied to create extension "([^"]{1,128})"', 1)),
      lower(regexp_extract(coalesce(message, ''), '^extension "([^"]{1,128})" is not (?:allow-listed|available|supported)', 1))
    ]) AS created
  FROM activity
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    AND (
      list_has_any(flags, ['create_ext', 'untrusted_lang', 'load_library'])
      OR regexp_matches(message, '^(?:permission denied|language|extension|access to library) ')
    )
), judged AS (
  SELECT
    *,
    list_intersect(created, $extensions) AS risky,
    list_contains(flags, 'untrusted_lang')
      OR regexp_matches(refusal, '^(?:permission denied for )?language "?(?:c|internal|plsh|plr|\w{1,62}u)"?(?: does not exist)?$') AS untrusted,
    (list_contains(flags, 'load_library') OR starts_with(refusal, 'access to library "'))
      -- Of several statements only one path is known.
      AND NOT (
        list_contains($libraries, regexp_replace(path, '^\$libdir/(?:plugins/)?', ''))
        AND statement_count = 1
        AND NOT list_contains(flags, 'do_block')
      ) AS loads
  FROM seen
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  CASE WHEN untrusted OR loads THEN 'high' ELSE 'medium' END AS severity,
  concat(
    coalesce(user_name, 'unknown user'), CASE WHEN ok THEN ' ' ELSE ' was refused to ' END,
    CASE
      WHEN len(risky) > 0
        THEN concat(CASE WHEN ok THEN 'created' ELSE 'create' END, ' extension ', array_to_string(risky, ', '))
      WHEN loads THEN concat(CASE WHEN ok THEN 'loaded' ELSE 'load' END, ' library ', coalesce(nullif(left(path, 100), ''), '?'))
      ELSE concat(
        CASE WHEN ok THEN 'used' ELSE 'use' END, ' the language ',
        coalesce(language, nullif(regexp_extract(refusal, 'language "?(\w+)', 1), ''), extension),
        CASE WHEN path = '' THEN '' ELSE concat(' with ', left(path, 100)) END
      )
    END
  ) AS summary
FROM judged
WHERE len(risky) > 0 OR untrusted OR loads
