-- When the sessions that were heard of last did something.
DELETE FROM told.main.known USING fresh WHERE known.server = fresh.server AND known.session_id = fresh.session_id;
INSERT INTO told.main.known FROM fresh;
