-- The definition of the view sessions, to be read over chosen_events.
SELECT regexp_replace(sql, '^\s*CREATE\s+(OR\s+REPLACE\s+)?VIEW\s+\S+(\s*\([^)]*\))?\s+AS\s+', '', 'i') AS definition
FROM duckdb_views()
WHERE schema_name = 'main' AND view_name = 'sessions' AND database_name = current_database();
