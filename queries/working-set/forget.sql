-- Rows that no window reaches any more. Changes of objects and roles are rare, and kept for a day.
DELETE FROM working.main.notable_activity
WHERE event_time < getvariable('forget_before')
  AND (event_time < getvariable('forget_changes_before') OR coalesce(class, '') NOT IN ('DDL', 'ROLE'));

DELETE FROM working.main.relations_touched WHERE span < getvariable('forget_before') - INTERVAL 10 MINUTE;

DELETE FROM working.main.activity_minutes WHERE minute < getvariable('forget_before');
