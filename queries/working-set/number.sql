-- Statement numbers of each session as runs without holes: what arrived joins the runs that it touches.
CREATE OR REPLACE TEMP TABLE numbered AS
SELECT server, session_id, statement_id, min(event_time) AS event_time, min(record_id) AS record_id
FROM counted.store.activities
WHERE source = 'audit' AND session_id IS NOT NULL AND statement_id IS NOT NULL
GROUP BY server, session_id, statement_id;

CREATE OR REPLACE TEMP TABLE joined AS
WITH pieces AS (
  SELECT
    server, session_id, statement_id AS first_id, statement_id AS last_id, event_time AS first_event, event_time AS last_event,
    record_id AS first_record_id
  FROM numbered
  UNION ALL
  SELECT r.* FROM working.main.number_runs r SEMI JOIN numbered USING (server, session_id)
), ordered AS (
  SELECT
    *,
    coalesce(first_id > max(last_id) OVER (
      PARTITION BY server, session_id ORDER BY first_id, last_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) + 1, false) AS begins
  FROM pieces
), runs AS (
  SELECT
    *,
    sum(begins::INTEGER) OVER (
      PARTITION BY server, session_id ORDER BY first_id, last_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS run
  FROM ordered
)
SELECT
  server, session_id, min(first_id) AS first_id, max(last_id) AS last_id,
  arg_min(first_event, (first_id, first_event)) AS first_event,
  arg_max(last_event, (last_id, -epoch_us(last_event))) AS last_event,
  arg_min(first_record_id, (first_id, first_record_id)) AS first_record_id
FROM runs
GROUP BY server, session_id, run;

DELETE FROM working.main.number_runs USING numbered n
WHERE number_runs.server = n.server AND number_runs.session_id = n.session_id;
INSERT INTO working.main.number_runs FROM joined;
