SELECT view_name FROM duckdb_views()
WHERE view_name = 'learning' AND schema_name = 'main' AND database_name = current_database()
