CREATE OR REPLACE VIEW addresses AS
SELECT
  client, kind, is_private, country, latitude, longitude, accuracy_km, asn, as_org, provider, region,
  lists, lists_as_of, labels, is_trusted, as_of
FROM store.addresses;

COMMENT ON VIEW addresses IS 'What is known of each address that a client came from, from files that the configuration names.';
COMMENT ON COLUMN addresses.client IS 'Client address as in sessions and sign_ins.';
COMMENT ON COLUMN addresses.kind IS 'public, private, loopback, link_local, cgnat, documentation, reserved, local (the unix socket) or unknown (a host name).';
COMMENT ON COLUMN addresses.is_private IS 'Nobody on the Internet can come from there; null for a host name.';
COMMENT ON COLUMN addresses.country IS 'ISO 3166-1 code, from enrichment.country.';
COMMENT ON COLUMN addresses.latitude IS 'Degrees; the middle of the country where the file knows no cities.';
COMMENT ON COLUMN addresses.longitude IS 'Degrees.';
COMMENT ON COLUMN addresses.accuracy_km IS 'How far off the place may be.';
COMMENT ON COLUMN addresses.asn IS 'Number of the autonomous system, from enrichment.asn.';
COMMENT ON COLUMN addresses.as_org IS 'Its organisation.';
COMMENT ON COLUMN addresses.provider IS 'azure, aws or gcp, from enrichment.providers.';
COMMENT ON COLUMN addresses.region IS 'Region as the provider writes it, e.g. westeurope.';
COMMENT ON COLUMN addresses.lists IS 'Names of the threat lists that it is on.';
COMMENT ON COLUMN addresses.lists_as_of IS 'Date (UTC) of the newest of these lists.';
COMMENT ON COLUMN addresses.labels IS 'Names of the configured networks around it, the smallest first.';
COMMENT ON COLUMN addresses.is_trusted IS 'The smallest configured network around it is trusted; null where none is configured or it is no address.';
COMMENT ON COLUMN addresses.as_of IS 'Time (UTC) of the look-up.';
