-- Adds what was picked to the relations that users touched; of one that is there already the earlier statement stays.
CREATE OR REPLACE TEMP TABLE touches AS FROM arrived.main.relations_touched;

DELETE FROM working.main.relations_touched t USING touches n
WHERE t.server = n.server AND t.user_name = n.user_name AND t.span = n.span AND t.relation = n.relation
  AND (n.event_time, n.record_id) <= (t.event_time, t.record_id);

INSERT INTO working.main.relations_touched
FROM touches n ANTI JOIN working.main.relations_touched t USING (server, user_name, span, relation);
