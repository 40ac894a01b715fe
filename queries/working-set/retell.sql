-- Sessions of which something else is known now.
CREATE OR REPLACE TABLE told.main.retold AS
SELECT b.server, b.session_id
FROM before b
JOIN working.main.sessions s ON s.server = b.server AND s.session_id = b.session_id
WHERE (b.user_name, b.database_name, b.client, b.application, b.identity, b.method, b.tls, b.is_platform)
  IS DISTINCT FROM (s.user_name, s.database_name, s.client, s.application, s.identity, s.method, s.tls, s.is_platform);

UPDATE working.main.notable_activity
SET
  user_name = coalesce(notable_activity.user_name, s.user_name),
  database_name = coalesce(notable_activity.database_name, s.database_name),
  client = coalesce(s.client, notable_activity.client),
  application = coalesce(s.application, notable_activity.application),
  identity = s.identity,
  method = s.method,
  tls = s.tls,
  is_platform = s.is_platform
FROM (SELECT s.* FROM working.main.sessions s SEMI JOIN told.main.retold USING (server, session_id)) s
WHERE notable_activity.server = s.server AND notable_activity.session_id = s.session_id;

UPDATE working.main.activity_minutes
SET
  user_name = coalesce(activity_minutes.user_name, s.user_name),
  database_name = coalesce(activity_minutes.database_name, s.database_name),
  client = coalesce(s.client, activity_minutes.client),
  application = coalesce(s.application, activity_minutes.application),
  is_platform = s.is_platform
FROM (SELECT s.* FROM working.main.sessions s SEMI JOIN told.main.retold USING (server, session_id)) s
WHERE activity_minutes.server = s.server AND activity_minutes.session_id = s.session_id;
