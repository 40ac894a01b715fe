-- The evidence behind alerts without the statements, which are many. counts: it adds to the risk of its entity.
CREATE OR REPLACE VIEW risk_evidence AS
SELECT
  e.record_id,
  e.event_time,
  e.server,
  CASE WHEN e.user_name IS NULL THEN 'client' ELSE 'user' END AS entity_kind,
  coalesce(e.user_name, e.client) AS entity,
  e.session_id,
  e.user_name,
  e.client,
  a.alert_id,
  a.detector,
  a.entity AS alert_entity,
  a.tactic,
  a.risk,
  coalesce(
    a.tactic IS NOT NULL AND a.risk > 0 AND a.status NOT IN ('shadow', 'allowed', 'suppressed')
      AND coalesce(e.user_name, e.client) IS NOT NULL,
    false
  ) AS counts
FROM store.evidence e
JOIN store.alerts a USING (alert_id);

COMMENT ON VIEW risk_evidence IS 'The events behind each alert, with whose risk they add to: for detectors that put the alerts of others together.';
COMMENT ON COLUMN risk_evidence.record_id IS 'Record, see records and activity.';
COMMENT ON COLUMN risk_evidence.event_time IS 'Time (UTC) of the event.';
COMMENT ON COLUMN risk_evidence.server IS 'Name of the Flexible Server, lower case.';
COMMENT ON COLUMN risk_evidence.entity_kind IS 'user, or client where no user is known.';
COMMENT ON COLUMN risk_evidence.entity IS 'That user or client.';
COMMENT ON COLUMN risk_evidence.session_id IS 'Session (%c).';
COMMENT ON COLUMN risk_evidence.user_name IS 'Role.';
COMMENT ON COLUMN risk_evidence.client IS 'Client address.';
COMMENT ON COLUMN risk_evidence.alert_id IS 'Alert.';
COMMENT ON COLUMN risk_evidence.detector IS 'Detector id.';
COMMENT ON COLUMN risk_evidence.alert_entity IS 'Entity of the alert.';
COMMENT ON COLUMN risk_evidence.tactic IS 'Tactic of the detector; null where it adds nothing to a risk.';
COMMENT ON COLUMN risk_evidence.risk IS 'Risk of the detector, 0 to 100.';
COMMENT ON COLUMN risk_evidence.counts IS 'It adds to the risk: not a shadow, not allowed or suppressed, and not found by a detector that reads the alerts of others.';

-- Each detector adds its risk once. The 24 hours end with the entity's last event, not now: what is stored tells the same
-- today and in a year.
CREATE OR REPLACE VIEW risk AS
WITH counted AS (
  SELECT *, max(event_time) OVER (PARTITION BY server, entity_kind, entity) AS window_end
  FROM risk_evidence
  WHERE counts
), by_detector AS (
  SELECT
    server, entity_kind, entity, window_end, detector, tactic,
    max(risk) AS risk,
    min(event_time) AS first_seen,
    list(DISTINCT alert_id) AS alerts
  FROM counted
  WHERE event_time > window_end - INTERVAL '24 hours'
  GROUP BY server, entity_kind, entity, window_end, detector, tactic
)
SELECT
  server,
  entity_kind,
  entity,
  window_end - INTERVAL '24 hours' AS window_start,
  window_end,
  sum(risk)::BIGINT AS score,
  list_sort(list(DISTINCT tactic)) AS tactics,
  list(detector ORDER BY first_seen, detector) AS detectors,
  len(list_distinct(flatten(list(alerts)))) AS alert_count
FROM by_detector
GROUP BY server, entity_kind, entity, window_end;

COMMENT ON VIEW risk IS 'What the alerts of the last day of each user or client add up to, on each server.';
COMMENT ON COLUMN risk.server IS 'Name of the Flexible Server, lower case.';
COMMENT ON COLUMN risk.entity_kind IS 'user, or client where no user is known.';
COMMENT ON COLUMN risk.entity IS 'That user or client.';
COMMENT ON COLUMN risk.window_start IS 'Beginning (UTC) of the day that is looked at.';
COMMENT ON COLUMN risk.window_end IS 'Its end: the last event of evidence of the entity.';
COMMENT ON COLUMN risk.score IS 'Sum of the risks of the detectors, each once.';
COMMENT ON COLUMN risk.tactics IS 'Tactics of the detectors.';
COMMENT ON COLUMN risk.detectors IS 'Detectors, in the order of their first event.';
COMMENT ON COLUMN risk.alert_count IS 'Alerts behind it.';
