-- What waits for each channel and how it went lately, by the names that are configured or have deliveries.
SELECT
  channel,
  CASE
    WHEN any_value(b.disabled_at) IS NOT NULL THEN 'disabled'
    WHEN NOT list_contains(coalesce($configured::VARCHAR[], []), channel) THEN 'not configured'
    ELSE 'enabled'
  END AS state,
  count(*) FILTER (d.state = 'pending') AS pending,
  count(*) FILTER (d.state = 'gathered') AS gathered,
  count(*) FILTER (d.state = 'dead') AS dead,
  count(*) FILTER (d.state = 'delivered') AS delivered,
  strftime(max(d.finished_at) FILTER (d.state = 'delivered'), '%Y-%m-%d %H:%M:%S') AS last_delivered,
  coalesce(any_value(b.reason), arg_max(d.last_error, d.created_at) FILTER (d.state = 'pending')) AS error
FROM (
  SELECT unnest(coalesce($configured::VARCHAR[], [])) AS channel
  UNION SELECT channel FROM deliveries
) c
LEFT JOIN deliveries d USING (channel)
LEFT JOIN disabled_channels b USING (channel)
GROUP BY channel
ORDER BY channel
