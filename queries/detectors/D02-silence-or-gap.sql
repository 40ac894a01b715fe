/*---
id: D02
name: audit.silence_or_gap
title: AUDIT lines are missing
why: Who signs in as ever sends statements as ever; where their audit lines are missing, logging was switched off or lines were lost, and what was done in that time can be neither seen nor proven.
severity: high
risk: 70
tactic: defense-impairment
attack: [T1685.002]
attack_v18: [T1562.008]
quiet: 6h
window: 1h + $grace
requires:
  - pgaudit.log with read
  - log_connections = on
parameters:
  min_lines: { type: number, default: 120, min: 10, max: 1000000, help: AUDIT lines that are usual in an hour at least; of who has fewer a silence says nothing. }
  max_share: { type: number, default: 0.1, min: 0, max: 0.9, help: Share of the usual lines that is a drop. }
  min_sessions: { type: number, default: 5, min: 2, max: 1000, help: Sign-ins in the time of the silence or drop. }
  min_days: { type: number, default: 7, min: 2, max: 60, help: Days on which the user signed in at this hour of the day. }
  grace: { type: duration, default: 15m, help: How long a statement may be late until it is missing. }
  max_lost: { type: number, default: 20, min: 1, max: 1000000, help: "Statements of a user that never arrived within an hour: fewer are low, as one statement of 16 KB is enough." }
false_positives:
  - Azure loses lines of about 16 KB and more. Long lists of values make holes, one statement at a time (low); allow them for the user that is known for them.
  - A pool that opens connections as ever and has nothing to do for the first time at this hour of the day.
  - A release that writes far fewer statements, until a few days are known.
  - pgaudit.log_client with a low log_level makes holes, the lines go to the client alone.
runbook:
  - See what pgaudit logs now - az postgres flexible-server parameter show --name pgaudit.log, and pgvigil query "SELECT * FROM setting_changes ORDER BY event_time DESC LIMIT 20".
  - See whether a role or database has a setting of its own - SELECT setrole::regrole, setdatabase, setconfig FROM pg_db_role_setting.
  - See which statements never arrived - pgvigil query "SELECT * FROM audit_gaps WHERE user_name = '<user>' ORDER BY event_time DESC LIMIT 20".
  - See whether the stream is late - pgvigil doctor. The diagnostic setting and the event hub lose no single users.
  - Take what the user did since as not watched; pg_stat_statements and Query Store still have it.
---*/
WITH arrivals AS MATERIALIZED (
  SELECT
    record_id, event_time, date_trunc('minute', event_time) AS minute, server, session_id, user_name, client,
    database_name, application
  FROM sign_ins
  WHERE event_time > $since
    AND event_time <= $until
    AND outcome = 'success'
    AND NOT is_platform AND NOT is_pooler
), moments AS (
  SELECT DISTINCT a.server, a.minute
  FROM arrivals a
  JOIN learning l ON l.server = a.server AND a.minute::DATE >= l.complete_from
), hours AS (
  SELECT DISTINCT server, unnest([date_trunc('hour', minute), date_trunc('hour', minute - INTERVAL 1 HOUR)]) AS hour
  FROM moments
), known_hours AS (
  -- The same hour of all days: an application that rests at weekends while its pool renews connections rests on holidays too.
  SELECT
    h.server, h.hour, v.entity AS user_name,
    coalesce(max(v.amount) FILTER (v.metric = 'statements'), 0) AS lines,
    max(v.amount) FILTER (v.metric = 'sign_ins') AS sign_ins
  FROM hours h
  JOIN known_volumes v
    ON v.server = h.server AND v.metric IN ('statements', 'sign_ins') AND hour(v.hour) = hour(h.hour)
      AND h.hour::DATE BETWEEN v.known_from AND v.known_until
  GROUP BY h.server, h.hour, v.entity, v.hour
  HAVING sign_ins > 0
), usual AS (
  -- The least that is usual of who signs in about as often.
  SELECT server, hour, user_name, quantile_disc(lines, 0.05) AS lines, median(sign_ins) AS sign_ins
  FROM (FROM known_hours QUALIFY sign_ins >= 0.5 * median(sign_ins) OVER (PARTITION BY server, hour, user_name))
  GROUP BY ALL
  HAVING count(*) >= $min_days AND quantile_disc(lines, 0.05) > 0
), expected AS (
  -- The hour before a minute lies in two hours of the day.
  SELECT
    m.server, m.minute, u.user_name,
    least(u.lines, b.lines) AS lines, greatest(u.sign_ins, b.sign_ins) AS sign_ins
  FROM moments m
  JOIN usual u ON u.server = m.server AND u.hour = date_trunc('hour', m.minute)
  JOIN usual b ON b.server = m.server AND b.hour = date_trunc('hour', m.minute - INTERVAL 1 HOUR) AND b.user_name = u.user_name
), done AS (
  SELECT server, user_name, minute, audited AS lines, 0 AS sign_ins
  FROM activity_minutes
  WHERE minute >= $since - INTERVAL 61 MINUTE AND first_event <= $until AND audited > 0 AND NOT is_platform
  UNION ALL
  SELECT server, user_name, date_trunc('minute', event_time), 0, 1
  FROM sign_ins
  WHERE event_time > $since - INTERVAL 61 MINUTE
    AND event_time <= $until
    AND outcome = 'success'
    AND NOT is_platform AND NOT is_pooler
), seen AS (
  -- Whole minutes that are over: lines of this one may still be on their way.
  SELECT
    e.server, e.minute, e.user_name, any_value(e.lines) AS usual_lines, any_value(e.sign_ins) AS usual_sign_ins,
    coalesce(sum(d.lines), 0) AS lines,
    coalesce(sum(d.sign_ins), 0) AS sign_ins,
    coalesce(sum(d.lines) FILTER (d.minute >= e.minute - INTERVAL 15 MINUTE), 0) AS late_lines,
    coalesce(sum(d.sign_ins) FILTER (d.minute >= e.minute - INTERVAL 15 MINUTE), 0) AS late_sign_ins
  FROM expected e
  LEFT JOIN done d
    ON d.server = e.server AND d.user_name = e.user_name AND d.minute >= e.minute - INTERVAL 1 HOUR AND d.minute < e.minute
  GROUP BY e.server, e.minute, e.user_name
), sums AS (
  -- Of each user, and of all together (no name).
  SELECT
    server, minute, who, sum(usual_lines) AS usual_lines, sum(lines) AS lines, sum(sign_ins) AS sign_ins,
    sum(late_sign_ins) AS late_sign_ins,
    sum(late_lines) = 0 AND sum(late_sign_ins) >= greatest($min_sessions, sum(usual_sign_ins) / 8) AS is_silent,
    sum(lines) <= $max_share * sum(usual_lines) AND sum(sign_ins) >= greatest($min_sessions, sum(usual_sign_ins) / 2) AS is_less
  FROM (SELECT *, unnest([user_name, '']) AS who FROM seen)
  GROUP BY ALL
  HAVING sum(usual_lines) >= $min_lines AND (is_silent OR is_less)
), gaps AS (
  SELECT * FROM audit_gaps
  WHERE event_time > $since - INTERVAL 1 HOUR - $grace
    AND event_time <= $until - $grace
    AND user_name IS NOT NULL
    AND NOT is_platform
), lost AS (
  SELECT
    *,
    sum(missing) OVER (
      PARTITION BY server, user_name ORDER BY event_time RANGE BETWEEN INTERVAL 1 HOUR PRECEDING AND CURRENT ROW
    )::BIGINT AS lost
  FROM gaps
)
SELECT
  a.record_id, a.event_time, a.server, a.session_id, a.user_name, a.client, a.database_name, a.application,
  concat('audit lines', ' of ' || nullif(s.who, '')) AS entity,
  'high' AS severity,
  CASE WHEN s.is_silent
    THEN concat(s.late_sign_ins, ' sign-ins and no AUDIT line in 15 minutes', ' of ' || nullif(s.who, ''), '; at least ', s.usual_lines, ' an hour are usual')
    ELSE concat(s.sign_ins, ' sign-ins and ', s.lines, ' AUDIT lines in an hour', ' of ' || nullif(s.who, ''), '; at least ', s.usual_lines, ' are usual')
  END AS summary,
  CASE WHEN s.is_silent THEN 0 ELSE s.lines END AS observed,
  s.usual_lines AS threshold,
  s.usual_lines AS baseline
FROM arrivals a
JOIN expected e ON e.server = a.server AND e.minute = a.minute AND e.user_name = a.user_name
JOIN sums s ON s.server = a.server AND s.minute = a.minute AND s.who IN (a.user_name, '')
-- Where all are silent, nobody is named.
QUALIFY row_number() OVER (PARTITION BY a.record_id ORDER BY s.who) = 1
UNION ALL
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application,
  concat('gap of ', user_name),
  CASE WHEN lost > $max_lost THEN 'high' ELSE 'low' END,
  concat(lost, CASE WHEN lost = 1 THEN ' statement' ELSE ' statements' END, ' of ', user_name, ' that pgaudit numbered never arrived within an hour'),
  lost, $max_lost, NULL
FROM lost
WHERE event_time > $since - $grace
