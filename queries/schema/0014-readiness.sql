-- What each detector can see of each server, as the worker judged it last.
CREATE TABLE store.readiness (
  server VARCHAR NOT NULL,
  detector VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  mode VARCHAR NOT NULL,
  state VARCHAR NOT NULL,
  reason VARCHAR NOT NULL,
  actions VARCHAR[] NOT NULL,
  since TIMESTAMP NOT NULL
);
