/*---
id: X05
name: exfil.outbound_channel
title: Outbound channel from the database to a host that is not known
why: A connection that the server itself opens passes by the clients and whatever watches them; few applications need one to a host that is not known, and it carries data out or reaches further systems from inside.
severity: high
risk: 75
tactic: exfiltration
attack: [T1048, T1041, T1567.002]
denied_attempts: true
quiet: 1h
requires:
  - pgaudit.log with read and ddl
  - log_min_error_statement = error
parameters:
  known_hosts: { type: strings, default: [], help: "Hosts that the database may reach, in lower case, with % for any text (%.corp.example). A storage account is <account>.blob.core.windows.net. The server itself is reported all the same." }
  trusted_users: { type: strings, default: [], help: "Roles that may connect back to the own server (autonomous transactions), or to hosts that the log does not tell (bind parameters, columns)." }
  functions:
    type: strings
    default:
      - dblink
      - dblink_connect
      - dblink_connect_u
      - dblink_exec
      - dblink_open
      - dblink_send_query
      - http
      - http_get
      - http_post
      - http_put
      - http_patch
      - http_delete
      - http_head
      - blob_put
      - blob_get
      - blob_list
      - account_add
      - account_options_managed_identity
      - create_subscription
    help: Functions of dblink, http, pg_net, azure_storage and pglogical that reach out of the server.
false_positives:
  - A link, export or subscription of your own. Put its host into known_hosts.
  - A URL that is only data of such a call is taken for a host.
  - Autonomous transactions through dblink connect back to the own server. Put the role into trusted_users.
runbook:
  - Ask the owner of the account whether the host is his. If so, put it into known_hosts.
  - If not, end the session with pg_terminate_backend, drop the foreign server or subscription, and close the way out in the network security group of the server's subnet.
  - Read what went out - pgvigil query "SELECT event_time, ok, sql_text FROM activity WHERE session_id = '<session>' ORDER BY event_time".
  - Look at which extensions the server allows - az postgres flexible-server parameter show --name azure.extensions - and take dblink, http and the like out if nobody needs them.
  - A connection back to the own server is a step to other rights. Look at what the second session did (detectors P01, P02).
---*/
WITH channels AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
    ok OR audit_type IS NOT NULL AS ran, kinds, sql_text IS NULL AS text_missing,
    list_sort(list_intersect(functions, $functions)) AS called,
    CASE
      WHEN list_contains(flags, 'fdw_server') THEN 'foreign server'
      WHEN list_contains(flags, 'subscription') THEN 'subscription'
      ELSE 'COPY'
    END AS object,
    -- Comments between name and parenthesis would hide a call from the expressions below.
    regexp_replace(lower(coalesce(sql_text, '')), '/\*.*?\*/', '', 'gs') AS text,
    lower(coalesce(parameters, '')) AS bound,
    -- In a COPY other URLs are data.
    CASE
      WHEN len(list_intersect(functions, $functions)) > 0 OR list_has_any(flags, ['fdw_server', 'subscription']) THEN hosts
      ELSE [regexp_extract(lower(path), '^[a-z0-9]+://(?:[^@/]*@)?([a-z0-9_.-]+)', 1)]
    END AS named
  FROM activity
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    AND (
      list_has_any(functions, $functions)
      OR list_has_any(flags, ['fdw_server', 'subscription'])
      OR (list_contains(flags, 'copy_file') AND regexp_matches(path, '^[A-Za-z0-9]+://'))
    )
), destinations AS (
  SELECT
    * EXCLUDE (named, bound),
    list_sort(list_distinct(list_concat(
      named,
      CASE WHEN len(called) > 0 THEN list_concat(
        regexp_extract_all(bound, '(?:^|[^a-z0-9_])host(?:addr)?\s*=\s*''?([a-z0-9_.:-]+)', 1),
        regexp_extract_all(bound, '[a-z]://(?:[^@/\s]*@)?([a-z0-9_.-]+)', 1)
      ) ELSE [] END,
      -- Foreign servers of other makes call their host otherwise.
      CASE WHEN list_contains(kinds, 'CreateForeignServerStmt') THEN
        regexp_extract_all(text, '\b(?:servername|dbserver)\s+''(?://)?([a-z0-9_.-]+)', 1)
      ELSE [] END,
      list_transform(
        regexp_extract_all(text, '(?:blob_put|blob_get|blob_list|account_add|account_options_managed_identity)"?\s*\(\s*''{1,2}([a-z0-9]{3,24})''', 1),
        lambda account: concat(account, '.blob.core.windows.net')
      )
    ))) AS hosts,
    -- A call that names a connection or a foreign server goes where that was told to go, and SQL alone goes there too.
    len(regexp_extract_all(text, '\bdblink(?:_connect(?:_u)?|_exec|_open|_send_query)?"?\s*\(')) AS links,
    len(regexp_extract_all(
      text,
      '\bdblink(?:(?:_exec|_open|_send_query)?"?\s*\(\s*''{1,2}(?:[a-z_][a-z0-9_$-]*''{1,2}\s*[,)]|\s*(?:select|with|insert|update|delete|call|begin|commit|rollback)\b)|_connect(?:_u)?"?\s*\(\s*''{1,2}[a-z_][a-z0-9_$-]*''{1,2}\s*\))'
    )) AS plain_links,
    len(list_filter(called, lambda f: NOT starts_with(f, 'dblink'))) > 0 AS calls_others
  FROM channels
), aimed AS (
  SELECT
    * EXCLUDE (hosts),
    CASE
      -- What looks like a host is part of the SQL that is sent there.
      WHEN links > 0 AND links = plain_links AND NOT calls_others THEN []
      ELSE list_filter(hosts, lambda h: h <> '')
    END AS hosts
  FROM destinations
), judged AS (
  SELECT
    *,
    NOT calls_others
      AND (len(called) > 0 OR list_contains(kinds, 'CreateSubscriptionStmt') OR regexp_matches(text, '\bwrapper\s+"?(?:postgres_fdw|dblink_fdw)\b'))
      AND regexp_matches(text, '\b(?:dbname|user|port|service)\b\s*(?:=|''[^'']*'')') AS has_connection,
    list_filter(
      hosts,
      lambda h: regexp_matches(h, '^(localhost(\.localdomain)?|127\..*|::1|::ffff:127\..*|0\.0\.0\.0|::|0)$')
        OR (starts_with(h, concat(server, '.')) AND suffix(h, '.postgres.database.azure.com'))
    ) AS own_hosts,
    list_filter(hosts, lambda h: len(list_filter($known_hosts, lambda k: h LIKE lower(k))) = 0) AS unknown_hosts,
    CASE
      WHEN len(hosts) > 0 THEN false
      WHEN text_missing THEN true
      WHEN calls_others THEN true
      WHEN len(called) > 0 THEN links = 0 OR links > plain_links
      -- What else is altered, mapped or imported goes where the server or subscription was told to go.
      ELSE (list_contains(kinds, 'CreateForeignServerStmt') AND NOT regexp_matches(text, '\bwrapper\s+"?file_fdw\b'))
        OR list_contains(kinds, 'CreateSubscriptionStmt')
    END AS untold
  FROM aimed
), found AS (
  SELECT
    *,
    CASE
      WHEN len(list_filter(unknown_hosts, lambda h: NOT list_contains(own_hosts, h))) > 0 THEN 'unknown'
      WHEN len(own_hosts) > 0 THEN 'own'
      -- libpq without a host connects to the machine that it runs on.
      WHEN untold AND has_connection THEN 'own'
      WHEN untold THEN 'untold'
    END AS place
  FROM judged
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  CASE place WHEN 'untold' THEN 'medium' ELSE 'high' END AS severity,
  concat(
    coalesce(user_name, 'unknown user'), CASE WHEN ran THEN ' opened a way out' ELSE ' tried to open a way out' END,
    CASE place
      WHEN 'unknown' THEN concat(' to ', left(array_to_string(list_filter(unknown_hosts, lambda h: NOT list_contains(own_hosts, h)), ', '), 200))
      WHEN 'own' THEN ' and back to the own server'
      ELSE ' to a host that the log does not tell'
    END,
    ' (', CASE WHEN len(called) > 0 THEN array_to_string(called, ', ') ELSE object END, ')'
  ) AS summary
FROM found
WHERE place = 'unknown'
  OR (place IS NOT NULL AND NOT list_contains($trusted_users, coalesce(user_name, '')))
