-- What was picked becomes what is judged.
CREATE OR REPLACE TABLE working.main.activity AS
SELECT v.* FROM arrived.main.activity v SEMI JOIN arrived.main.picked p ON p.record_id = v.record_id;
