-- Which log_line_prefix explained how much of what a server wrote.
CREATE OR REPLACE VIEW log_line_prefixes AS
SELECT
  p.server,
  p.format,
  p.origin,
  p.lines,
  p.lines / nullif(sum(p.lines) OVER (PARTITION BY p.server) + coalesce(r.lines, 0), 0) AS share,
  coalesce(r.lines, 0) AS unexplained,
  p.first_seen,
  p.last_seen
FROM store.prefixes p
LEFT JOIN (
  SELECT server, count(*) AS lines FROM store.rejects WHERE code = 'PREFIX_MISMATCH' GROUP BY server
) r ON r.server = p.server;

COMMENT ON VIEW log_line_prefixes IS 'The log_line_prefix values that explain the lines of each server.';
COMMENT ON COLUMN log_line_prefixes.server IS 'Name of the Flexible Server, lower case.';
COMMENT ON COLUMN log_line_prefixes.format IS 'log_line_prefix.';
COMMENT ON COLUMN log_line_prefixes.origin IS 'configured (or the default), or found from the lines.';
COMMENT ON COLUMN log_line_prefixes.lines IS 'Lines that it explained.';
COMMENT ON COLUMN log_line_prefixes.share IS 'Share of all lines of the server that it explained, 0 to 1.';
COMMENT ON COLUMN log_line_prefixes.unexplained IS 'Lines of the server that no prefix explains; see rejects.';
COMMENT ON COLUMN log_line_prefixes.first_seen IS 'Time (UTC) of the first line that it explained.';
COMMENT ON COLUMN log_line_prefixes.last_seen IS 'Time (UTC) of the last.';
