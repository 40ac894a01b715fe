-- Functions that views, detectors and people share: what baselines keep of a value must be what a detector looks for.

-- The network of a client: /24 of an IPv4 address, /48 of an IPv6 address, anything else (host name, [local]) as it is.
CREATE OR REPLACE MACRO network_of(client) AS CASE
  WHEN regexp_matches(client, '^(::ffff:)?[0-9]{1,3}(\.[0-9]{1,3}){3}$', 'i')
    THEN concat(regexp_extract(client, '([0-9]+\.[0-9]+\.[0-9]+)\.[0-9]+$', 1), '.0/24')
  WHEN regexp_matches(client, '^[0-9a-f]{0,4}:[0-9a-f:.]*(%.*)?$', 'i')
    THEN concat(array_to_string(list_transform(
      list_concat(
        list_filter(string_split(split_part(split_part(lower(client), '%', 1), '::', 1), ':'), lambda h: h <> ''),
        list_transform(range(8
          - len(list_filter(string_split(split_part(split_part(lower(client), '%', 1), '::', 1), ':'), lambda h: h <> ''))
          - len(list_filter(string_split(split_part(split_part(lower(client), '%', 1), '::', 2), ':'), lambda h: h <> ''))
        ), lambda i: '0'),
        list_filter(string_split(split_part(split_part(lower(client), '%', 1), '::', 2), ':'), lambda h: h <> '')
      )[1:3],
      lambda h: coalesce(nullif(ltrim(h, '0'), ''), '0')), ':'), '::/48')
  ELSE lower(client)
END;

-- A name without its numbers, so that a new version or process id is no new name: "orders-api 4.2" is "orders-api #".
CREATE OR REPLACE MACRO masked_name(name) AS regexp_replace(lower(name), '[0-9]+([.][0-9]+)*', '#', 'g');

-- Hour of the week in UTC: 0 is Monday 00:00, 167 Sunday 23:00.
CREATE OR REPLACE MACRO hour_of_week(moment) AS (isodow(moment) - 1) * 24 + hour(moment);

-- A number to choose one of several values by, in whatever order they came: that of the lowest rank (0 to 3), of these that of
-- the earliest moment (to the millisecond), of these one, always the same. Holds for the years 1970 to 2248. One number, because
-- choosing by (rank, moment, value), or once for each rank, takes twice as long.
CREATE OR REPLACE MACRO order_of(rank, moment, value) AS
  rank * 2305843009213693952 + least(greatest(epoch_ms(moment), 0), 8796093022207) * 262144 + (hash(value) >> 46)::BIGINT;
