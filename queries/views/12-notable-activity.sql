-- What detectors remember for longer than the moment: see docs/writing-detectors.md.
CREATE OR REPLACE VIEW notable_activity AS
SELECT * FROM activity WHERE is_notable;

