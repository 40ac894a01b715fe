-- Audited statements of which it turned out that they failed: the AUDIT row and the row of the failure, both in
-- store.activities. One failure may have several AUDIT rows (pgaudit.log_relation). Written in the transaction that
-- stores the later of the two; see src/store/outcomes.ts.
CREATE TABLE store.failed_audits (record_id BIGINT NOT NULL, error_record_id BIGINT NOT NULL);
