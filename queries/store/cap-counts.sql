-- Alerts that people heard of, by server and hour: those below high of all detectors, and what one detector has of both.
SELECT
  server,
  cap_hour,
  count(*) FILTER (severity NOT IN ('high', 'critical')) AS server_lower,
  count(*) FILTER (severity NOT IN ('high', 'critical') AND detector = $detector) AS detector_lower,
  count(*) FILTER (severity = 'high' AND detector = $detector) AS detector_high
FROM store.alerts
WHERE cap_hour BETWEEN $from AND $to
  AND status NOT IN ('shadow', 'allowed', 'suppressed', 'held')
GROUP BY server, cap_hour
