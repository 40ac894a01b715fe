CREATE OR REPLACE VIEW allow_list AS
SELECT
  entry_id, kind, detector, server, user_name, client, database_name, application, entity, relation, fingerprint,
  reason, author, created_at, starts_at, expires_at, hits, last_hit, removed_at, removed_by
FROM store.allow_list;

COMMENT ON VIEW allow_list IS 'What is known and harmless, and windows of planned work: evidence that an entry matches is kept and sent to nobody.';
COMMENT ON COLUMN allow_list.entry_id IS 'Id, as in alerts.allowed_by.';
COMMENT ON COLUMN allow_list.kind IS 'allow, or suppress for a window of planned work.';
COMMENT ON COLUMN allow_list.detector IS 'Detector id; * for all.';
COMMENT ON COLUMN allow_list.server IS 'Server; null: any. * in a text stands for any characters, here and in what follows.';
COMMENT ON COLUMN allow_list.user_name IS 'Role; null: any.';
COMMENT ON COLUMN allow_list.client IS 'Client address or range of addresses; null: any.';
COMMENT ON COLUMN allow_list.database_name IS 'Database; null: any.';
COMMENT ON COLUMN allow_list.application IS 'application_name; null: any.';
COMMENT ON COLUMN allow_list.entity IS 'Entity of the alert; null: any.';
COMMENT ON COLUMN allow_list.relation IS 'All relations of the statement are of this name; null: any.';
COMMENT ON COLUMN allow_list.fingerprint IS 'Fingerprint of the statement; null: any.';
COMMENT ON COLUMN allow_list.reason IS 'Why.';
COMMENT ON COLUMN allow_list.author IS 'Who answers for it.';
COMMENT ON COLUMN allow_list.created_at IS 'Time (UTC) at which it was made.';
COMMENT ON COLUMN allow_list.starts_at IS 'First event time (UTC) that it covers.';
COMMENT ON COLUMN allow_list.expires_at IS 'First event time (UTC) that it no longer covers.';
COMMENT ON COLUMN allow_list.hits IS 'Evidence that it matched so far.';
COMMENT ON COLUMN allow_list.last_hit IS 'Event time (UTC) of the latest of these.';
COMMENT ON COLUMN allow_list.removed_at IS 'Time (UTC) at which it was taken away; null while it was not.';
COMMENT ON COLUMN allow_list.removed_by IS 'By whom.';
