-- Picks the activities between "slice_from" (exclusive) and "slice_to" (inclusive) that nobody has judged as they now stand: those that
-- arrived since ("judged": the last record that was judged), those that were held back ("watermark"), those of whose session,
-- failure or text something new is known. "slice_front": the last record that counts as arrived.
CREATE OR REPLACE TABLE arrived.main.picked AS
WITH relinked AS (
  SELECT error_record_id AS record_id FROM pgvigil.store.failed_audits
  WHERE record_id > getvariable('judged') AND record_id <= getvariable('front')
), reworded AS (
  SELECT DISTINCT server, session_id, statement_id FROM pgvigil.store.activities
  WHERE record_id > getvariable('judged') AND record_id <= getvariable('front') AND statement_id IS NOT NULL
)
SELECT a.*
FROM pgvigil.store.activities a
WHERE
  event_time > getvariable('slice_from')
  AND event_time <= getvariable('slice_to')
  AND record_id <= getvariable('slice_front')
  AND (
    record_id > getvariable('judged')
    OR event_time > getvariable('watermark')
    OR (server, session_id) IN (SELECT (server, session_id) FROM told.main.retold)
    OR record_id IN (SELECT record_id FROM relinked)
    OR (previously_logged AND (server, session_id, statement_id) IN (SELECT (server, session_id, statement_id) FROM reworded))
  );

CREATE OR REPLACE TABLE arrived.store.failed_audits AS
SELECT f.* FROM pgvigil.store.failed_audits f SEMI JOIN arrived.main.picked p ON p.record_id = f.record_id
UNION
SELECT f.* FROM pgvigil.store.failed_audits f SEMI JOIN arrived.main.picked p ON p.record_id = f.error_record_id;

-- With them goes what the view needs: the AUDIT rows of failures, and the first row of a statement that is logged once.
CREATE OR REPLACE TABLE arrived.store.activities AS
WITH others AS (
  SELECT a.* FROM pgvigil.store.activities a SEMI JOIN arrived.store.failed_audits f ON f.record_id = a.record_id
  UNION ALL
  SELECT a.*
  FROM pgvigil.store.activities a
  SEMI JOIN (
    SELECT server, session_id, statement_id FROM arrived.main.picked WHERE previously_logged
  ) p USING (server, session_id, statement_id)
  WHERE
    a.event_time > getvariable('slice_from') - INTERVAL 1 DAY
    AND a.record_id <= getvariable('front')
    AND a.statement_record_id IS NOT NULL
)
FROM arrived.main.picked
UNION ALL
SELECT DISTINCT ON (record_id) * FROM others o ANTI JOIN arrived.main.picked p ON p.record_id = o.record_id;

-- Texts come again and again: they are looked up once.
INSERT INTO arrived.store.statements
SELECT s.*
FROM pgvigil.store.statements s
SEMI JOIN (
  SELECT a.statement_record_id FROM arrived.store.activities a
  ANTI JOIN arrived.store.statements k ON k.first_record_id = a.statement_record_id
  WHERE a.statement_record_id IS NOT NULL
) missing ON missing.statement_record_id = s.first_record_id;
