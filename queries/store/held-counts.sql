-- Alerts of a server that the cap of one hour holds back, by detector.
SELECT detector, count(*) AS held, min(first_seen) AS first_seen, max(last_seen) AS last_seen
FROM store.alerts
WHERE server = $server AND cap_hour = $hour AND status = 'held'
GROUP BY detector
ORDER BY held DESC, detector
