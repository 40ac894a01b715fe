-- What detectors remember of it, in place of what they knew of the same rows before.
DELETE FROM working.main.notable_activity USING arrived.main.picked p WHERE notable_activity.record_id = p.record_id;
DELETE FROM working.main.notable_activity USING arrived.store.failed_audits f WHERE notable_activity.record_id = f.record_id;
INSERT INTO working.main.notable_activity
SELECT v.* FROM arrived.main.activity v SEMI JOIN arrived.main.picked p ON p.record_id = v.record_id WHERE v.is_notable;
