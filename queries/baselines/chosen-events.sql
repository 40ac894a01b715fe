-- All connection lines of the sessions that were chosen: the view `sessions` over these alone takes milliseconds, over all
-- that is stored it takes as long as the history.
CREATE OR REPLACE TEMP TABLE chosen_events AS
SELECT e.*
FROM store.connection_events e
SEMI JOIN (
  SELECT DISTINCT server, session_id FROM chosen_activities
  UNION
  SELECT DISTINCT server, session_id FROM chosen_sign_ins
) c ON c.server = e.server AND c.session_id = e.session_id;
