-- What is ordinary. A day is known from the next day on, for as long as the memory lasts: a detector joins with
-- `event_time::DATE BETWEEN known_from AND known_until`, and its answer does not depend on when it runs.
CREATE OR REPLACE VIEW known_values AS
SELECT
  s.server, s.dimension, s.entity, s.value, s.day, s.n,
  s.day + 1 AS known_from,
  s.day + (SELECT memory_days FROM store.learner) AS known_until
FROM store.sightings s;

COMMENT ON VIEW known_values IS 'Which values were seen, one row per day. Without platform sessions, sign-ins that failed, and (but for suspect_relation) sessions behind alerts of medium severity and above.';
COMMENT ON COLUMN known_values.server IS 'Name of the Flexible Server, lower case.';
COMMENT ON COLUMN known_values.dimension IS 'user (entity is empty), user_client, user_application, user_database, user_hour, user_fingerprint, user_relation, user_flag, suspect_relation (like user_relation, of sessions behind alerts: not ordinary, but it was done), server (learned on that day), or open_ended: the dimension in value has too many values of the entity to keep.';
COMMENT ON COLUMN known_values.entity IS 'Role, or empty.';
COMMENT ON COLUMN known_values.value IS 'Of user_client network_of(client), of user_application masked_name(application), of user_hour hour_of_week(event_time), of user_flag a flag that says what the user did (drop_data, truncate, copy_stdout, sets_password, …), not how the text was written; else the name or fingerprint.';
COMMENT ON COLUMN known_values.day IS 'Day (UTC) on which it was seen.';
COMMENT ON COLUMN known_values.n IS 'How often on that day: sign-ins or statements. Of open_ended: values that were not kept.';
COMMENT ON COLUMN known_values.known_from IS 'First day on which it is known: the day after.';
COMMENT ON COLUMN known_values.known_until IS 'Last day on which this row is remembered.';

CREATE OR REPLACE VIEW known_volumes AS
SELECT
  v.server, v.metric, v.entity, v.hour, v.amount,
  v.hour::DATE + 1 AS known_from,
  v.hour::DATE + (SELECT memory_days FROM store.learner) AS known_until
FROM store.volumes v;

COMMENT ON VIEW known_volumes IS 'How much in which hour. An hour in which nothing happened has no row.';
COMMENT ON COLUMN known_volumes.server IS 'Name of the Flexible Server, lower case.';
COMMENT ON COLUMN known_volumes.metric IS 'Per role: statements (AUDIT rows), rows_read (row_count of class READ), errors, sign_ins. Of the whole server, entity empty: audit_lines, connections.';
COMMENT ON COLUMN known_volumes.entity IS 'Role, or empty for the server.';
COMMENT ON COLUMN known_volumes.hour IS 'Begin (UTC) of the hour.';
COMMENT ON COLUMN known_volumes.amount IS 'How much.';
COMMENT ON COLUMN known_volumes.known_from IS 'First day on which it is known: the day after.';
COMMENT ON COLUMN known_volumes.known_until IS 'Last day on which it is remembered.';

CREATE OR REPLACE VIEW usual_volumes AS
SELECT
  server, metric, entity,
  count(*) AS hours,
  median(amount)::DOUBLE AS median,
  mad(amount)::DOUBLE AS mad,
  quantile_cont(amount, 0.99)::DOUBLE AS p99,
  max(amount) AS highest
FROM store.volumes
GROUP BY server, metric, entity;

COMMENT ON VIEW usual_volumes IS 'What is usual, over all hours that are remembered now. For an event of the past aggregate known_volumes as of its day.';
COMMENT ON COLUMN usual_volumes.server IS 'Name of the Flexible Server, lower case.';
COMMENT ON COLUMN usual_volumes.metric IS 'See known_volumes.';
COMMENT ON COLUMN usual_volumes.entity IS 'Role, or empty for the server.';
COMMENT ON COLUMN usual_volumes.hours IS 'Hours in which there was something.';
COMMENT ON COLUMN usual_volumes.median IS 'Median of these hours.';
COMMENT ON COLUMN usual_volumes.mad IS 'Median of the distances from the median.';
COMMENT ON COLUMN usual_volumes.p99 IS '99th percentile.';
COMMENT ON COLUMN usual_volumes.highest IS 'Highest hour.';

CREATE OR REPLACE VIEW learning AS
WITH progress AS (
  SELECT server, list_sort(list(day)) AS days FROM store.sightings WHERE dimension = 'server' GROUP BY server
), due AS (
  SELECT
    p.server,
    p.days,
    l.learned_until::DATE AS today,
    -- A server that was seen twice in two weeks taught nothing yet.
    CASE
      WHEN len(p.days) >= (l.learning_days + 1) // 2
        THEN greatest(p.days[1] + l.learning_days, p.days[(l.learning_days + 1) // 2] + 1)
    END AS complete_from,
    p.days[1] + l.learning_days AS earliest
  FROM progress p, store.learner l
)
SELECT
  server,
  days[1] AS first_day,
  days[-1] AS last_day,
  len(days) AS days,
  complete_from,
  coalesce(complete_from <= today, false) AS is_complete,
  CASE WHEN complete_from <= today THEN 0 ELSE greatest(1, coalesce(complete_from, earliest) - today) END AS days_left
FROM due;

COMMENT ON VIEW learning IS 'How far the baselines of each server are. A detector joins with event_time::DATE >= complete_from.';
COMMENT ON COLUMN learning.server IS 'Name of the Flexible Server, lower case.';
COMMENT ON COLUMN learning.first_day IS 'First day that is remembered.';
COMMENT ON COLUMN learning.last_day IS 'Last day of which something was learned.';
COMMENT ON COLUMN learning.days IS 'Days of which something was learned.';
COMMENT ON COLUMN learning.complete_from IS 'Day from which on learning is complete: after detection.baselines.learningDays, at least half of them with events. Null while too few days were seen.';
COMMENT ON COLUMN learning.is_complete IS 'Whether it is complete by now.';
COMMENT ON COLUMN learning.days_left IS 'Days that are left at least; 0 when it is complete.';

CREATE OR REPLACE VIEW baselines AS
SELECT
  server,
  dimension,
  entity,
  count(DISTINCT value) AS known,
  min(day) AS first_day,
  max(day) AS last_day,
  count(DISTINCT day) AS days,
  sum(n)::BIGINT AS n
FROM store.sightings
WHERE dimension NOT IN ('server', 'open_ended', 'suspect_relation')
GROUP BY server, dimension, entity;

COMMENT ON VIEW baselines IS 'The baselines: one row per server, dimension and entity. The values stand in known_values.';
COMMENT ON COLUMN baselines.server IS 'Name of the Flexible Server, lower case.';
COMMENT ON COLUMN baselines.dimension IS 'See known_values.';
COMMENT ON COLUMN baselines.entity IS 'Role, or empty.';
COMMENT ON COLUMN baselines.known IS 'Different values.';
COMMENT ON COLUMN baselines.first_day IS 'First day (UTC) that is remembered.';
COMMENT ON COLUMN baselines.last_day IS 'Last day (UTC).';
COMMENT ON COLUMN baselines.days IS 'Different days.';
COMMENT ON COLUMN baselines.n IS 'Sightings.';
