/*---
id: C01
name: corr.kill_chain
title: Several tactics by one user or client in a short time
why: One finding may be an accident; several tactics by one user or client in a short time are the steps of an attack, from the way in to what is taken or destroyed, and ordinary work seldom shows more than one of them.
severity: critical
risk: 95
tactic: several
correlates: true
attack: []
quiet: 24h
window: 2 * $window
requires:
  - log_connections = on (names the account that findings are summed for)
parameters:
  window: { type: duration, default: 24h, help: Time in which alerts are put together. }
  min_tactics: { type: number, default: 3, min: 2, max: 15, help: Tactics that make a chain. }
  min_chain_risk: { type: number, default: 100, min: 0, max: 2000, help: "Risk that such a chain has at least; each detector adds its risk once." }
  min_risk: { type: number, default: 150, min: 1, max: 2000, help: Risk at which two tactics are enough. }
false_positives:
  - A DBA on a day of planned work. Make a window for it (pgvigil suppress add), or allow what is known; neither counts here.
  - A test of the defences. Allow its account and its address until it ends.
  - People who share a role.
runbook:
  - Treat the account as taken over. End its sessions with pg_terminate_backend and change its password, or DROP what it made.
  - Read the chain in order - pgvigil query "SELECT event_time, detector, summary FROM evidence WHERE server = '<server>' AND user_name = '<user>' ORDER BY event_time".
  - Block the client address - az postgres flexible-server firewall-rule delete, or the rules of the virtual network.
  - Look for what stays behind - roles, grants, functions, extensions, settings (detectors P01, P02, D01, X05).
  - Keep the logs and a restore point before anything is cleaned up.
---*/
WITH counted AS (
  SELECT
    record_id, event_time, server, entity, session_id, user_name, client, detector, tactic, risk,
    -- A chain is looked for in steps of an hour: a flood of evidence is no more than 48 of them.
    time_bucket($window / 24, event_time) AS step
  FROM risk_evidence
  WHERE counts
    AND event_time > $since - 2 * $window
    AND event_time <= $until
), suspects AS (
  -- Whose evidence could be a chain at all, wherever it lies.
  SELECT server, entity
  FROM (SELECT server, entity, detector, tactic, max(risk) AS risk FROM counted GROUP BY ALL)
  GROUP BY server, entity
  HAVING count(DISTINCT tactic) >= 2 AND sum(risk) >= least($min_chain_risk, $min_risk)
), links AS (
  SELECT server, entity, step, detector, tactic, max(risk) AS risk, min(event_time) AS first_seen
  FROM counted
  SEMI JOIN suspects USING (server, entity)
  GROUP BY server, entity, step, detector, tactic
), steps AS (
  SELECT DISTINCT server, entity, step FROM links
), behind AS (
  SELECT s.server, s.entity, s.step, l.detector, l.tactic, max(l.risk) AS risk, min(l.first_seen) AS first_seen
  FROM steps s
  JOIN links l
    ON l.server = s.server AND l.entity = s.entity AND l.step > s.step - $window AND l.step <= s.step
  GROUP BY s.server, s.entity, s.step, l.detector, l.tactic
), chains AS (
  SELECT server, entity, step, sum(risk) AS risk, count(DISTINCT tactic) AS tactics
  FROM behind
  GROUP BY server, entity, step
  HAVING (tactics >= $min_tactics AND risk >= $min_chain_risk) OR (tactics >= 2 AND risk >= $min_risk)
), told AS (
  -- A step is evidence when a chain holds it; it tells of the heaviest.
  SELECT s.server, s.entity, s.step, max(c.risk) AS risk, arg_max(c.step, (c.risk, c.step)) AS end_step
  FROM steps s
  JOIN chains c
    ON c.server = s.server AND c.entity = s.entity AND c.step >= s.step AND c.step < s.step + $window
  GROUP BY s.server, s.entity, s.step
), texts AS (
  SELECT
    server, entity, step AS end_step,
    count(DISTINCT tactic) AS tactics,
    string_agg(concat(detector, ' ', tactic), ', ' ORDER BY first_seen, detector) AS chain
  FROM behind
  SEMI JOIN (SELECT DISTINCT server, entity, end_step AS step FROM told) USING (server, entity, step)
  GROUP BY server, entity, step
), fresh AS (
  -- What was told already is left out: a long chain would be told anew at every look.
  SELECT e.*
  FROM counted e
  SEMI JOIN told USING (server, entity, step)
  ANTI JOIN (
    SELECT server, alert_entity, record_id
    FROM risk_evidence
    WHERE detector = 'C01' AND event_time > $since - 2 * $window
  ) k ON k.server = e.server AND k.alert_entity = e.entity AND k.record_id = e.record_id
)
SELECT
  e.record_id,
  e.server,
  e.entity,
  any_value(e.event_time) AS event_time,
  any_value(e.session_id) AS session_id,
  any_value(e.user_name) AS user_name,
  any_value(e.client) AS client,
  any_value(concat(e.entity, ': ', x.tactics, ' tactics in one chain, risk ', t.risk, ' (', x.chain, ')')) AS summary,
  any_value(t.risk) AS observed,
  any_value(CASE WHEN x.tactics >= $min_tactics THEN $min_chain_risk ELSE $min_risk END) AS threshold
FROM fresh e
JOIN told t ON t.server = e.server AND t.entity = e.entity AND t.step = e.step
JOIN texts x ON x.server = t.server AND x.entity = t.entity AND x.end_step = t.end_step
GROUP BY e.server, e.entity, e.record_id
