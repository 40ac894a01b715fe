/*---
id: A11
name: auth.harmful_application
title: Sign-in by a program that attacks databases
why: Tools that scan, guess passwords or inject SQL give these names; ordinary software seldom calls itself so, and whoever runs such a tool is looking for a way in or has just found one.
severity: high
risk: 73
tactic: initial-access
attack: [T1595, T1190]
quiet: 4h
requires:
  - log_connections = on
parameters:
  tools:
    type: string
    default: 'sqlmap|sqlninja|bbqsql|jsql|havij|metasploit|meterpreter|msfconsole|msf|nmap|ncrack|patator|crackmapexec|netexec|nxc|thc-hydra|legba|pgbrute|nessus|openvas|greenbone|qualys|acunetix|nuclei|zgrab2?|masscan'
    help: "Regular expression over application_name in lower case; a match counts where no letter stands beside it. Empty: none."
  ambiguous:
    type: string
    default: 'hydra|medusa|xray'
    help: "The same for names that ordinary software has as well: what they find is low."
  allowed: { type: strings, default: [], help: "application_name of programs of your own, exactly." }
  scanners: { type: strings, default: [], help: Addresses of vulnerability scanners of your own. }
false_positives:
  - A vulnerability scanner of your own. Put its address into scanners.
  - A product that has the name of a tool, such as Ory Hydra. Put its application_name into allowed.
  - The name is written by the client. Whoever attacks with care gives another, so silence says nothing.
runbook:
  - Find out whose address it is, and whether a scan was ordered.
  - If not, end its sessions with pg_terminate_backend, change the password of the account and block the address.
  - Read what the session did - pgvigil query "SELECT event_time, ok, sql_text FROM activity WHERE session_id = '<session>' ORDER BY event_time".
---*/
WITH named AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, outcome,
    $tools <> '' AND regexp_matches(lower(application), concat('(^|[^a-z])(', $tools, ')([^a-z]|$)')) AS is_tool,
    $ambiguous <> '' AND regexp_matches(lower(application), concat('(^|[^a-z])(', $ambiguous, ')([^a-z]|$)')) AS is_ambiguous
  FROM sign_ins
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    AND application IS NOT NULL
    AND NOT list_contains($allowed, application)
    AND NOT list_contains($scanners, coalesce(client, ''))
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  CASE WHEN is_tool THEN 'high' ELSE 'low' END AS severity,
  concat(
    coalesce(user_name, 'unknown user'), CASE outcome WHEN 'success' THEN ' signed in' ELSE ' was refused' END,
    ' from ', coalesce(client, 'an unknown address'), ' with a program named "', left(application, 64), '"'
  ) AS summary
FROM named
WHERE is_tool OR is_ambiguous
