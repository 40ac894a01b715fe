-- What detectors remember of it, in place of what they knew of the same rows before.
DELETE FROM working.main.notable_activity USING arrived.main.picked p WHERE notable_activity.record_id = p.record_id;
DELETE FROM working.main.notable_activity USING arrived.store.failed_audits f WHERE notable_activity.record_id = f.record_id;
INSERT INTO working.main.notable_activity
FROM working.main.activity WHERE is_notable;
