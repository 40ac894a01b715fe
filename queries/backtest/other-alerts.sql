-- Alerts below high that people heard of from other detectors, by server and hour: what they leave of the cap of the server.
SELECT server, cap_hour, count(*) AS server_lower
FROM store.alerts
WHERE detector <> $detector
  AND cap_hour BETWEEN $from AND $to
  AND severity NOT IN ('high', 'critical')
  AND status NOT IN ('shadow', 'allowed', 'suppressed', 'held')
GROUP BY server, cap_hour
