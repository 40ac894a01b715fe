CREATE OR REPLACE VIEW alerts AS
SELECT
  alert_id, detector, detector_name, title, severity, status, server, entity, summary,
  user_name, client, database_name, application, first_seen, last_seen, evidence_count, sessions,
  observed, threshold, baseline, created_at, updated_at, tactic, risk, cap_hour, allowed_by
FROM store.alerts;

COMMENT ON VIEW alerts IS 'What the detectors found: one row per detector, server, entity and episode.';
COMMENT ON COLUMN alerts.alert_id IS 'Stable id.';
COMMENT ON COLUMN alerts.detector IS 'Detector id, e.g. A01.';
COMMENT ON COLUMN alerts.detector_name IS 'Detector name, e.g. auth.brute_force_account.';
COMMENT ON COLUMN alerts.title IS 'What it means.';
COMMENT ON COLUMN alerts.severity IS 'info, low, medium, high or critical.';
COMMENT ON COLUMN alerts.status IS 'open, acknowledged or closed; or kept and sent to nobody: shadow (by a detector in shadow mode), allowed (by the view allow_list), suppressed (by a window there), held (beyond the cap of its hour).';
COMMENT ON COLUMN alerts.server IS 'Name of the Flexible Server, lower case.';
COMMENT ON COLUMN alerts.entity IS 'What the evidence has in common, e.g. user@client.';
COMMENT ON COLUMN alerts.summary IS 'The most telling row of evidence in one sentence.';
COMMENT ON COLUMN alerts.user_name IS 'Role behind it; null where there are several.';
COMMENT ON COLUMN alerts.client IS 'Client address behind it; null where there are several.';
COMMENT ON COLUMN alerts.database_name IS 'Database; null where there are several.';
COMMENT ON COLUMN alerts.application IS 'application_name; null where there are several.';
COMMENT ON COLUMN alerts.first_seen IS 'Time (UTC) of the first event.';
COMMENT ON COLUMN alerts.last_seen IS 'Time (UTC) of the last event.';
COMMENT ON COLUMN alerts.evidence_count IS 'Events behind it.';
COMMENT ON COLUMN alerts.sessions IS 'Sessions (%c) behind it.';
COMMENT ON COLUMN alerts.observed IS 'The largest value observed.';
COMMENT ON COLUMN alerts.threshold IS 'The threshold it was held against.';
COMMENT ON COLUMN alerts.baseline IS 'What is usual, in the unit of observed; null where the detector does not know it.';
COMMENT ON COLUMN alerts.created_at IS 'Time (UTC) at which pgvigil raised it.';
COMMENT ON COLUMN alerts.updated_at IS 'Time (UTC) of its last change.';
COMMENT ON COLUMN alerts.tactic IS 'Tactic of the detector; null where it adds nothing to the risk of an entity.';
COMMENT ON COLUMN alerts.risk IS 'What it adds to the risk of its entity, 0 to 100.';
COMMENT ON COLUMN alerts.cap_hour IS 'Hour (UTC, event time) whose cap it counts to, or was held by.';
COMMENT ON COLUMN alerts.allowed_by IS 'Entries of allow_list that matched its evidence.';

CREATE OR REPLACE VIEW evidence AS
SELECT e.alert_id, e.detector, e.record_id, e.event_time, e.server, e.session_id, e.user_name, e.client,
       e.summary, e.statement_hash, m.normalized
FROM store.evidence e
LEFT JOIN store.statements t ON t.statement_hash = e.statement_hash
LEFT JOIN store.templates m ON m.template_id = t.template_id;

COMMENT ON VIEW evidence IS 'The events behind each alert.';
COMMENT ON COLUMN evidence.alert_id IS 'Alert.';
COMMENT ON COLUMN evidence.detector IS 'Detector id.';
COMMENT ON COLUMN evidence.record_id IS 'Record, see records and activity.';
COMMENT ON COLUMN evidence.event_time IS 'Time (UTC) of the event.';
COMMENT ON COLUMN evidence.server IS 'Name of the Flexible Server, lower case.';
COMMENT ON COLUMN evidence.session_id IS 'Session (%c).';
COMMENT ON COLUMN evidence.user_name IS 'Role.';
COMMENT ON COLUMN evidence.client IS 'Client address.';
COMMENT ON COLUMN evidence.summary IS 'What this event shows.';
COMMENT ON COLUMN evidence.statement_hash IS 'Key of the text in statements.';
COMMENT ON COLUMN evidence.normalized IS 'Statement with $n for each literal.';

CREATE OR REPLACE VIEW alert_history AS
SELECT alert_id, sequence, happened_at, action, actor, via, what, reason, note, severity, evidence_count FROM store.alert_history;

COMMENT ON VIEW alert_history IS 'The life of each alert: what happened to it, in order, and whose doing it was.';
COMMENT ON COLUMN alert_history.alert_id IS 'Alert.';
COMMENT ON COLUMN alert_history.sequence IS 'Number of the step, from 1.';
COMMENT ON COLUMN alert_history.happened_at IS 'Time (UTC).';
COMMENT ON COLUMN alert_history.action IS 'opened, updated, acknowledged, reopened or closed.';
COMMENT ON COLUMN alert_history.actor IS 'Who: a person, or pgvigil.';
COMMENT ON COLUMN alert_history.via IS 'worker, cli, api or link.';
COMMENT ON COLUMN alert_history.what IS 'What changed, in words; null where the action says it.';
COMMENT ON COLUMN alert_history.reason IS 'Of closing: resolved, false-positive, expected, duplicate; quiet, returned or gone when pgvigil did it.';
COMMENT ON COLUMN alert_history.note IS 'What the person added.';
COMMENT ON COLUMN alert_history.severity IS 'Severity after the step.';
COMMENT ON COLUMN alert_history.evidence_count IS 'Events behind the alert after the step.';
