-- What the doctor asks of the data, in one row.
SELECT
  (SELECT count(*) FROM records) AS records,
  (SELECT list(DISTINCT server) FROM records) AS servers,
  (SELECT max(event_time) FROM records) AS newest,
  (SELECT count(*) FROM activity WHERE audit_type IS NOT NULL) AS audited,
  (SELECT count(*) FROM activity WHERE source = 'audit' AND row_count IS NOT NULL) AS with_rows,
  (SELECT count(*) FROM sign_ins) AS sign_ins,
  (SELECT count(*) FROM errors) AS errors,
  (SELECT count(*) FROM errors WHERE sql_text IS NOT NULL) AS errors_with_text,
  (SELECT count(*) FROM rejects) AS rejects,
  (SELECT count(*) FROM rejects WHERE code = 'PREFIX_MISMATCH') AS prefix_mismatches,
  (SELECT list(DISTINCT server) FROM rejects WHERE code = 'PREFIX_MISMATCH') AS mismatch_servers,
  (
    SELECT list(printf('%s: "%s" explains %.1f %% of its lines', server, format, 100 * share))
    FROM log_line_prefixes WHERE origin = 'found'
  ) AS found_prefixes,
  (SELECT coalesce(sum(missing), 0) FROM audit_gaps) AS audit_gaps,
  (SELECT coalesce(sum(last_missing - first_missing + 1), 0) FROM gaps) AS missing,
  (SELECT count(*) FROM deliveries WHERE state = 'pending' AND attempts > 0) AS retrying,
  (SELECT count(*) FROM deliveries WHERE state = 'pending') AS pending,
  (SELECT count(*) FROM deliveries WHERE state = 'dead') AS dead,
  (SELECT list(channel ORDER BY channel) FROM disabled_channels) AS disabled,
  -- Channels have findings of their own.
  (
    SELECT list(summary ORDER BY first_seen, alert_id) FROM alerts
    WHERE detector = 'G02' AND status IN ('open', 'acknowledged') AND NOT starts_with(entity, 'channel ')
  ) AS silent,
  (SELECT list(concat(detector, ': ', last_error)) FROM detector_runs WHERE last_error IS NOT NULL) AS failing
