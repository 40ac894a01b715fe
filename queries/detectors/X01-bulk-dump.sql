/*---
id: X01
name: exfil.bulk_dump
title: Bulk export of tables
why: Applications read what a task needs; whoever copies many whole tables out in a short time, as dump tools do, has the database on another machine, where none of its rights and logs apply any more.
severity: high
risk: 70
tactic: collection
attack: [T1213.006, T1119, T1048]
quiet: 1h
window: 2 * $window
requires:
  - pgaudit.log with read and misc
parameters:
  window: { type: duration, default: 30m, help: Time in which exported tables are counted. }
  min_exports: { type: number, default: 5, min: 2, max: 1000, help: Different tables or queries copied out by one user from one address. }
  dumpers: { type: strings, default: [], help: Roles whose dumps are expected from any address. }
  learned_days: { type: number, default: 3, min: 1, max: 60, help: A role that did nothing but dump on this many earlier days is a dump account in the network that it came from on them. }
  dump_names: { type: string, default: '(^|[_.@-])(backups?|bkp|dump(er|s)?|pg_?dump)([_.@-]|$)', help: "Regular expression over names of roles, in lower case, that are made for dumps. While the server is still learning their dumps from private addresses are expected. Empty: none." }
false_positives:
  - A logical backup by a role that does nothing but dump, always from the same network, is known after three days and not reported. A new network, another application within the last day, or habits of another kind make it a finding again.
  - While the server is learning, a role that does nothing but dump from one private network is reported as low, so that it can become known; one whose name says that it makes dumps is not reported.
  - A dump account that is made later alerts every night, and what alerts is not learned. Add it to dumpers.
  - Copies of a database for development, or a migration service.
runbook:
  - Ask the owner of the account whether the export was meant.
  - Look at where the client address belongs. The data has left to it.
  - End the sessions and change the password of the account.
  - List what was taken - pgvigil query "SELECT DISTINCT unnest(relations_read) FROM activity WHERE session_id = '<session>'".
---*/
WITH exports AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
    CASE
      WHEN list_contains(flags, 'copy_stdout') THEN coalesce(nullif(array_to_string(relations_read, '+'), ''), statement_hash)
      WHEN list_contains(flags, 'pg_dump_cursor') THEN coalesce(nullif(array_to_string(relations_read, '+'), ''), statement_hash)
    END AS export
  FROM notable_activity
  WHERE event_time > $since - 2 * $window
    AND event_time <= $until
    -- One that pgaudit logged ran: what it sent before it failed, or was made to fail, has left.
    AND (ok OR audit_type IS NOT NULL)
    AND NOT is_platform
    AND list_has_any(flags, ['copy_stdout', 'pg_dump_cursor'])
), counted AS (
  SELECT
    *,
    count(DISTINCT export) OVER (
      PARTITION BY server, user_name, client ORDER BY event_time RANGE BETWEEN $window PRECEDING AND CURRENT ROW
    ) AS exported
  FROM exports
), peaks AS (
  SELECT
    *,
    max(exported) OVER (
      PARTITION BY server, user_name, client ORDER BY event_time RANGE BETWEEN CURRENT ROW AND $window FOLLOWING
    ) AS peak
  FROM counted
), suspects AS (
  SELECT * FROM peaks WHERE peak >= $min_exports AND NOT list_contains($dumpers, coalesce(user_name, ''))
), sources AS (
  SELECT
    *,
    event_time::DATE AS day,
    network_of(coalesce(client, '')) AS network,
    coalesce(regexp_matches(application, '^pg_(dump|dumpall|restore)$'), false) AS with_tool,
    -- Nobody comes from there whom the customer does not route. A host name may be anybody's.
    coalesce(
      regexp_matches(client, '^((::ffff:)?(10|192\.168|172\.(1[6-9]|2\d|3[01])|127|169\.254|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\.[\d.]+|::1|\[local\]|f([cd][\da-f]|e[89ab])[\da-f]:.*)$', 'i'),
      false
    ) AS is_private
  FROM suspects
), questions AS (
  SELECT DISTINCT server, user_name, network, day FROM sources WHERE with_tool AND user_name IS NOT NULL
), habits AS (
  SELECT
    q.server, q.user_name, q.network, q.day,
    count(DISTINCT k.day) FILTER (k.dimension = 'user_flag' AND k.value IN ('copy_stdout', 'pg_dump_cursor')) AS dumped,
    count(DISTINCT k.day) FILTER (k.dimension = 'user_flag' AND k.value NOT IN ('copy_stdout', 'pg_dump_cursor')) AS did_more,
    count(DISTINCT k.day) FILTER (k.dimension = 'user_client' AND k.value = q.network) AS from_here,
    count(DISTINCT k.day) FILTER (k.dimension = 'user_client' AND k.value <> q.network) AS from_elsewhere,
    count(DISTINCT k.day) FILTER (k.dimension = 'user_application' AND regexp_matches(k.value, '^pg_(dump|dumpall|restore)$'))
      AS with_tool,
    count(DISTINCT k.day) FILTER (k.dimension = 'user_application' AND NOT regexp_matches(k.value, '^pg_(dump|dumpall|restore)$'))
      AS with_others
  FROM questions q
  JOIN known_values k
    ON k.server = q.server AND k.dimension IN ('user_flag', 'user_client', 'user_application') AND k.entity = q.user_name
      AND q.day BETWEEN k.known_from AND k.known_until
  GROUP BY ALL
), nearby AS (
  -- What else the role did within a day: whoever works with it once may be whoever dumps with it now.
  SELECT
    x.record_id,
    bool_or(NOT coalesce(regexp_matches(s.application, '^pg_(dump|dumpall|restore)$'), false)) AS with_others,
    bool_or(network_of(coalesce(s.client, '')) <> x.network) AS from_elsewhere
  FROM sources x
  JOIN sessions s ON s.server = x.server AND s.user_name = x.user_name AND s.outcome = 'signed_in'
    AND s.started_at <= x.event_time AND s.started_at > x.event_time - INTERVAL 1 DAY
  WHERE x.with_tool
  GROUP BY x.record_id
), judged AS (
  SELECT
    x.*,
    CASE
      WHEN NOT x.with_tool OR coalesce(n.with_others, false) THEN 'strange'
      WHEN least(h.dumped, h.from_here, h.with_tool) >= $learned_days AND greatest(h.did_more, h.with_others) < $learned_days
        THEN 'known'
      -- Before anything is known: all that was seen of the role are dumps, from one network that is not the Internet.
      WHEN l.server IS NOT NULL OR NOT x.is_private OR coalesce(n.from_elsewhere, false)
        OR coalesce(h.did_more + h.with_others + h.from_elsewhere, 0) > 0
        THEN 'strange'
      WHEN regexp_matches(lower(x.user_name), nullif($dump_names, '')) THEN 'known'
      ELSE 'new'
    END AS verdict
  FROM sources x
  LEFT JOIN nearby n ON n.record_id = x.record_id
  LEFT JOIN habits h ON h.server = x.server AND h.user_name = x.user_name AND h.network = x.network AND h.day = x.day
  LEFT JOIN learning l ON l.server = x.server AND x.day >= l.complete_from
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  CASE verdict WHEN 'new' THEN 'low' ELSE 'high' END AS severity,
  concat(
    coalesce(user_name, 'unknown user'), ' copied ', exported,
    CASE exported WHEN 1 THEN ' table or query' ELSE ' tables or queries' END,
    ' out to ', coalesce(client, 'an unknown address'),
    CASE verdict WHEN 'new' THEN ', and has done nothing else so far; the server is still learning' ELSE '' END
  ) AS summary,
  exported AS observed,
  $min_exports AS threshold
FROM judged
WHERE verdict <> 'known'
