-- Rows that no window reaches any more. Changes of objects and roles are rare, and kept for a day as sign-ins are.
DELETE FROM working.main.notable_activity
WHERE event_time < getvariable('forget_before')
  AND (event_time < getvariable('forget_day_before') OR coalesce(class, '') NOT IN ('DDL', 'ROLE'));
