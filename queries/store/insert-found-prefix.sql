INSERT INTO store.prefixes
SELECT $server, $format, 'found', 0, NULL, NULL
WHERE NOT EXISTS (FROM store.prefixes WHERE server = $server AND format = $format);
