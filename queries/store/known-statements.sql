SELECT statement_hash
FROM store.statements
WHERE statement_hash IN (SELECT unnest(from_json($hashes, '["VARCHAR"]')));
