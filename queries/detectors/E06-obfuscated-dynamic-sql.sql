/*---
id: E06
name: exec.obfuscated_dynamic_sql
title: SQL that hides what it does
why: Programs say in plain SQL what they do; text that is made of character codes or decoded as it runs hides the statement from filters and from whoever reads the log, and needs no quotes, which injected SQL often cannot use.
severity: high
risk: 73
tactic: stealth
attack: [T1027, T1140]
quiet: 1h
requires:
  - pgaudit.log with function, read, write and ddl
  - log_min_error_statement = error
parameters:
  min_chr: { type: number, default: 6, min: 2, max: 1000, help: Calls of chr() in one statement. Those that make blanks and line breaks do not count. }
  ordinary_roles:
    type: strings
    default: [pg_monitor, pg_read_all_settings, pg_read_all_stats, pg_stat_scan_tables]
    help: Predefined roles that set-up scripts grant in blocks of code.
  ordinary_users: { type: strings, default: [], help: Roles of migrations that run dangerous statements from blocks of code (medium). What is encoded is reported all the same. }
false_positives:
  - Set-up scripts that create roles with EXECUTE in a DO block (medium). Name their role in `ordinary_users`.
  - A stored function that decodes data and runs dynamic SQL beside it (medium).
  - Reports that build text from many printable character codes. Raise `min_chr`.
runbook:
  - Read the whole text - pgvigil query "SELECT sql_text FROM statements WHERE statement_hash = '<hash>'" - and decode it (base64 -d, xxd -r -p).
  - Look at what it did in the same session; pgaudit logs most statements of a block in rows of their own.
  - For an application account, look for SQL injection (detector I01). If nobody knows the statement, end the session and change the password.
---*/
WITH seen AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash, ok, flags,
    chr_chain, lower(coalesce(sql_text, '')) AS text,
    list_contains(flags, 'dyn_exec') AND list_has_any(flags, ['body_chr', 'body_decode', 'body_copy_program']) AS body_hides,
    list_contains(flags, 'dyn_exec') AND list_contains(flags, 'do_block') AND list_contains(flags, 'body_danger') AS body_dangerous,
    -- What makes a block dangerous is known, and ordinary.
    list_contains($ordinary_users, coalesce(user_name, '')) OR (
      len(list_filter(roles_granted, lambda role: starts_with(role, 'pg_'))) > 0
      AND list_has_all($ordinary_roles, list_filter(roles_granted, lambda role: regexp_matches(role, '^(?:pg_|azure_pg_admin$)')))
      -- Nothing else in the block is dangerous.
      AND NOT list_has_any(flags, ['copy_file', 'load_library', 'untrusted_lang', 'grant_parameter', 'body_copy_program'])
      AND NOT list_has_any(role_options, ['superuser', 'createrole', 'isreplication', 'bypassrls'])
      AND len(list_filter(settings, lambda one: one.scope = 'system' OR starts_with(one.name, 'pgaudit.'))) = 0
      AND len(list_filter(functions, lambda name: regexp_matches(name, '^(?:dblink|lo_|pg_|http_)'))) = 0
    ) AS is_ordinary,
    -- SQL handed to a function as text that is decoded first.
    (
      list_has_any(functions, ['dblink', 'dblink_exec', 'dblink_open', 'dblink_send_query'])
      AND list_has_any(functions, ['decode', 'convert_from'])
    ) OR (
      list_has_any(functions, ['query_to_xml', 'query_to_xmlschema', 'query_to_xml_and_xmlschema', 'ts_stat'])
      AND list_has_any(functions, ['decode', 'convert_from', 'chr', 'reverse', 'translate'])
    ) AS argument_hides
  FROM activity
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    AND (
      chr_chain >= $min_chr
      OR list_contains(flags, 'dyn_exec')
      OR list_has_any(functions, ['decode', 'convert_from', 'chr', 'reverse', 'translate'])
    )
), judged AS (
  SELECT
    *,
    CASE
      -- Calls that could be made up in comments, literals or escaped names all count.
      WHEN contains(text, '/*') OR contains(text, '--') OR contains(text, 'u&')
        OR len(regexp_extract_all(text, 'chr"?\s*\(')) <> chr_chain THEN chr_chain
      ELSE chr_chain - len(regexp_extract_all(text, 'chr"?\s*\(\s*(?:[0-9]|[12][0-9]|3[0-2])\s*\)'))
    END AS printable
  FROM seen
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  CASE
    WHEN printable >= $min_chr OR argument_hides OR (body_hides AND list_contains(flags, 'do_block')) THEN 'high'
    ELSE 'medium'
  END AS severity,
  concat(
    coalesce(user_name, 'unknown user'), CASE WHEN ok THEN ' ran' ELSE ' tried' END,
    CASE
      WHEN body_hides AND list_contains(flags, 'do_block') THEN ' a block of code whose SQL is put together from codes or encoded text'
      WHEN body_hides THEN ' the definition of a function whose SQL is put together from codes or encoded text'
      WHEN argument_hides THEN ' SQL that it put together from codes or encoded text'
      WHEN printable >= $min_chr THEN concat(' a statement that builds text from ', printable, ' character codes')
      ELSE ' a block of code that builds a dangerous statement'
    END
  ) AS summary,
  CASE WHEN printable >= $min_chr THEN printable END AS observed,
  CASE WHEN printable >= $min_chr THEN $min_chr END AS threshold
FROM judged
WHERE printable >= $min_chr
  OR body_hides
  OR argument_hides
  OR (body_dangerous AND NOT is_ordinary)
