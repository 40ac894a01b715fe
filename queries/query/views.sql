-- The public views with their columns, as their comments explain them.
SELECT
  v.view_name, v.comment AS view_comment, c.column_name, c.data_type, c.comment AS column_comment
FROM duckdb_views() v
JOIN duckdb_columns() c ON c.table_oid = v.view_oid AND c.database_oid = v.database_oid
WHERE NOT v.internal AND v.schema_name = 'main' AND v.database_name = current_database()
ORDER BY v.view_name, c.column_index
