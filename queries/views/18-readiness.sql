CREATE OR REPLACE VIEW readiness AS
SELECT server, detector, name, mode, state, reason, actions, since FROM store.readiness;

COMMENT ON VIEW readiness IS 'What each detector can see of each server, as the running worker judged it within the last ten minutes. Without a worker ask pgvigil detectors status.';
COMMENT ON COLUMN readiness.server IS 'Name of the Flexible Server, lower case.';
COMMENT ON COLUMN readiness.detector IS 'Detector id.';
COMMENT ON COLUMN readiness.name IS 'Name of the detector.';
COMMENT ON COLUMN readiness.mode IS 'on, shadow or off, as configured.';
COMMENT ON COLUMN readiness.state IS 'armed, partly (sees some of it), learning (baselines are young), unproven (nothing seen that shows it), blind or off.';
COMMENT ON COLUMN readiness.reason IS 'Why; empty when armed.';
COMMENT ON COLUMN readiness.actions IS 'Commands, configuration or statements that change it.';
COMMENT ON COLUMN readiness.since IS 'Time (UTC) from which the worker knows this state.';
