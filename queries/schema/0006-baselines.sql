-- What is ordinary, day by day: which values were seen with whom, and how much of what in which hour. Written by the learner
-- (src/baselines) only. The unit is the UTC day, so that records that arrive late or shuffled leave the same rows.
CREATE TABLE store.sightings (
  server VARCHAR NOT NULL,
  dimension VARCHAR NOT NULL,
  entity VARCHAR NOT NULL,
  value VARCHAR NOT NULL,
  day DATE NOT NULL,
  n BIGINT NOT NULL
);

CREATE TABLE store.volumes (
  server VARCHAR NOT NULL,
  metric VARCHAR NOT NULL,
  entity VARCHAR NOT NULL,
  hour TIMESTAMP NOT NULL,
  amount BIGINT NOT NULL
);

-- Sessions behind an alert, of which nothing is counted above. day: of the last evidence.
CREATE TABLE store.withheld_sessions (server VARCHAR NOT NULL, session_id VARCHAR NOT NULL, day DATE NOT NULL);

-- One row: all records up to last_record_id with a time before learned_until are counted, and no others.
CREATE TABLE store.learner (
  last_record_id BIGINT NOT NULL,
  learned_until TIMESTAMP NOT NULL,
  learning_days INTEGER NOT NULL,
  memory_days INTEGER NOT NULL
);
INSERT INTO store.learner VALUES (0, TIMESTAMP '1990-01-01 00:00:00', 14, 60);
