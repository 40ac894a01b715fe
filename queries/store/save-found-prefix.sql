-- A prefix that was found from the data. Its first lines may have been counted before it is said that it was found.
MERGE INTO store.prefixes p
USING (SELECT $server AS server, $format AS format) f
ON p.server = f.server AND p.format = f.format
WHEN MATCHED THEN UPDATE SET origin = 'found'
WHEN NOT MATCHED THEN INSERT VALUES (f.server, f.format, 'found', 0, NULL, NULL);
