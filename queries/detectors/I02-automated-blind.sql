/*---
id: I02
name: inj.automated_blind
title: Automated or time-based blind SQL injection
why: Ordinary statements ask for whole values and do not wait; delays and questions for single characters are how tools read data through a page that shows no results, letter by letter until they have it.
severity: critical
risk: 85
tactic: initial-access
attack: [T1190, T1595]
denied_attempts: true
quiet: 1h
window: 2 * $window
requires:
  - pgaudit.log with read and write
  - log_min_error_statement = error
  - literals in statements (a value that comes as a bind parameter is not in the text)
parameters:
  window: { type: duration, default: 15m, help: Time in which delays and questions are counted. }
  min_delays: { type: number, default: 3, min: 1, max: 1000, help: "Statements that make the server wait, hung onto a statement that reads or changes a table. A pg_sleep that stands alone is not counted." }
  min_questions: { type: number, default: 30, min: 5, max: 100000, help: "Different statements that take one character out of the result of a query, as blind injection asks for data letter by letter." }
  marks:
    type: string
    default: '(?i)chr\(113\)\s*\|\|\s*(?:chr\((?:122|113|120|106|107|118|98|112)\)\s*\|\|\s*){3}chr\(113\)|''q(?:[zxjkvbp][zqxjkvbp]{2}|q[zxjkvbp][zqxjkvbp]|qq[zxjkvbp])q''|\bselect\s+\d{4}\s+from\s+pg_sleep\s*\(|\bquote_ident\s*\(\s*null\s*\)|\bsqlmap(?:file|output)\b'
    help: Regular expression over the text of a statement that shows traces of a tool. One hit is enough. By default those of sqlmap.
false_positives:
  - A security test of your own.
  - A job that waits with pg_sleep inside of a query over its table.
runbook:
  - The application that signs in with this account passes input on to the database. Find the page from the normalised text and application_name, and use bind parameters there.
  - Block the visitor who sends it in the web application firewall. The client address here is that of the application.
  - Read all statements of the account in that time. What was asked letter by letter is known to the attacker - pgvigil query "SELECT event_time, ok, sql_text FROM activity WHERE user_name = '<user>' AND event_time > '<first_seen>' ORDER BY event_time".
  - Change what the questions were about (passwords, tokens), and look for what came after it (detectors X01, X05, P01).
---*/
WITH candidates AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
    list_has_any(flags, ['sleep', 'heavy_gs'])
      -- Hung onto somebody's statement. What a block of code waits for has a row of its own, without a table.
      AND (len(relations_read) + len(relations_written) > 0 OR list_contains(flags, 'stacked'))
      AND NOT list_contains(flags, 'do_block') AS delays,
    coalesce(regexp_matches(sql_text, $marks), false)
      -- Where the text is not shipped, the value that was no number is what the tool put around its data.
      OR (sql_text IS NULL AND coalesce(
        regexp_matches(message, '^invalid input syntax for [a-z ]{2,40}: "q(?:[zxjkvbp][zqxjkvbp]{2}|q[zxjkvbp][zqxjkvbp]|qq[zxjkvbp])q'), false
      )) AS marked,
    coalesce(regexp_matches(
      regexp_replace(sql_text, '/\*.*?\*/', ' ', 'gs'),
      '(?i)\b(?:ascii|substr|substring|left|right|strpos|position|get_byte|overlay)"?\s*\([\s(]*(?:select\b|coalesce\s*\(\s*cast\b|current_user\b|session_user\b|current_database\b|version\s*\()'
    ), false) AS asks
  FROM notable_activity
  WHERE event_time > $since - 2 * $window
    AND event_time <= $until
    AND NOT is_platform
    -- The texts of the others need not be read.
    AND (
      list_has_any(flags, ['sleep', 'heavy_gs', 'err_cast'])
      OR chr_chain >= 5
      OR (
        list_has_any(flags, ['union', 'tautology', 'tautology_rand', 'contradiction'])
        AND (len(relations_read) > 0 OR len(relations_written) > 0)
      )
      OR list_has_any(functions, ['ascii', 'substr', 'substring', 'left', 'right', 'strpos', 'position', 'get_byte', 'overlay', 'quote_ident'])
      OR list_has_any(relations_read, ['sqlmapfile', 'sqlmapoutput'])
      OR list_has_any(relations_written, ['sqlmapfile', 'sqlmapoutput'])
      OR (sql_text IS NULL AND sqlstate = '22P02')
    )
), hits AS (
  SELECT
    *,
    count(*) FILTER (delays) OVER recent AS delayed,
    count(DISTINCT CASE WHEN asks THEN statement_hash END) OVER recent AS asked
  FROM candidates
  WHERE delays OR marked OR asks
  WINDOW recent AS (
    PARTITION BY server, user_name, client ORDER BY event_time RANGE BETWEEN $window PRECEDING AND CURRENT ROW
  )
), peaks AS (
  SELECT
    *,
    max(delayed) OVER coming AS peak_delayed,
    max(asked) OVER coming AS peak_asked
  FROM hits
  WINDOW coming AS (
    PARTITION BY server, user_name, client ORDER BY event_time RANGE BETWEEN CURRENT ROW AND $window FOLLOWING
  )
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  CASE WHEN marked THEN 'critical' ELSE 'high' END AS severity,
  concat(
    coalesce(user_name, 'unknown user'),
    CASE
      WHEN marked THEN ' sent a statement with the marks of an injection tool'
      WHEN delays AND peak_delayed >= $min_delays THEN concat(
        ' sent ', delayed, CASE delayed WHEN 1 THEN ' statement' ELSE ' statements' END, ' with a delay hung onto them, as time-based blind injection does'
      )
      ELSE concat(
        ' asked ', asked, CASE asked WHEN 1 THEN ' time' ELSE ' times' END, ' for a single character of a query''s result, as blind injection does'
      )
    END
  ) AS summary,
  CASE WHEN marked THEN 1 WHEN delays AND peak_delayed >= $min_delays THEN delayed ELSE asked END AS observed,
  CASE WHEN marked THEN 1 WHEN delays AND peak_delayed >= $min_delays THEN $min_delays ELSE $min_questions END AS threshold
FROM peaks
WHERE marked
  OR (delays AND peak_delayed >= $min_delays)
  OR (asks AND peak_asked >= $min_questions)
