/*---
name: extensions-and-functions
title: Extensions, functions and code
topic: privileges
question: Which extensions, functions, triggers and blocks of code came in?
how_to_read: The newest first. Look at untrusted languages, SECURITY DEFINER without a search_path, event triggers, and code that builds its SQL from codes (flags); docs/flags.md explains the flags.
parameters:
  server: { type: text, default: null, help: "Server; all unless given." }
  since: { type: time, default: 30d, help: "First moment (UTC), or so long before the newest event." }
  until: { type: time, default: 0s, help: "First moment (UTC) that is left out; past the newest event unless given." }
---*/
SELECT
  max(event_time) AS last_time,
  server,
  database_name,
  user_name,
  client,
  application,
  min(command) AS command,
  ok,
  count(*) AS times,
  min(coalesce(extension, target, object_name)) AS name,
  any_value(language) AS language,
  any_value(flags) AS flags,
  any_value(normalized) AS statement,
  message AS error
FROM activity
WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
  AND ($server::VARCHAR IS NULL OR server = lower($server))
  AND (NOT ok OR class NOT IN ('READ', 'WRITE'))
  AND (
    list_has_any(kinds, ['CreateFunctionStmt', 'AlterFunctionStmt', 'DoStmt', 'CreateExtensionStmt', 'AlterExtensionStmt', 'LoadStmt', 'CreateTrigStmt', 'CreateEventTrigStmt', 'CreatePLangStmt', 'RuleStmt'])
    OR list_has_any(flags, ['create_ext', 'drop_ext', 'load_library', 'event_trigger', 'drop_event_trigger', 'create_trigger', 'create_rule', 'do_block'])
  )
  AND NOT is_platform
GROUP BY server, database_name, user_name, client, application, ok, template_id, message
ORDER BY last_time DESC, server, user_name, statement, error, database_name, client, application, ok
