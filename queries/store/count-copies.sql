-- How many records with each of these hashes are stored. Copies share azure_time, which bounds the search.
SELECT content_hash, count(*) AS stored
FROM store.records
WHERE
  azure_time BETWEEN $from AND $to
  AND content_hash IN (SELECT unnest(from_json($hashes, '["UBIGINT"]')))
GROUP BY content_hash;
