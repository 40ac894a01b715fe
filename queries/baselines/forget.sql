-- What lies behind the memory.
DELETE FROM store.sightings WHERE day < $oldest::DATE;
DELETE FROM store.volumes WHERE hour < $oldest;
DELETE FROM store.withheld_sessions WHERE day < $oldest::DATE;
