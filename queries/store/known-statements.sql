SELECT s.statement_hash, s.first_record_id AS statement, t.first_record_id AS template
FROM store.statements s
JOIN store.templates t ON t.template_id = s.template_id
WHERE s.statement_hash IN (SELECT unnest(from_json($hashes, '["VARCHAR"]')));
