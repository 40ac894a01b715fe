-- Alerts to which nothing more can come: their detector has looked further than their quiet time. The engine's own findings
-- have no detector that looks; $until is how far the others are.
SELECT a.*
FROM store.alerts a
JOIN (SELECT unnest($detectors::VARCHAR[]) AS detector, unnest($quiet::BIGINT[]) AS quiet_ms) q ON q.detector = a.detector
LEFT JOIN store.detector_state s ON s.detector = a.detector
WHERE a.status IN ('open', 'acknowledged')
  AND epoch_ms(a.last_seen) + q.quiet_ms < epoch_ms(coalesce(s.watermark, $until))
ORDER BY a.first_seen
