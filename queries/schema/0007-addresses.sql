-- What is known of each address that a client came from; see src/enrichment. One row per distinct client.
CREATE TABLE store.addresses (
  client VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  is_private BOOLEAN,
  country VARCHAR,
  latitude DOUBLE,
  longitude DOUBLE,
  accuracy_km DOUBLE,
  asn BIGINT,
  as_org VARCHAR,
  provider VARCHAR,
  region VARCHAR,
  lists VARCHAR[] NOT NULL,
  lists_as_of TIMESTAMP,
  labels VARCHAR[] NOT NULL,
  is_trusted BOOLEAN,
  as_of TIMESTAMP NOT NULL
);
