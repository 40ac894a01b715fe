/*---
name: role-history
title: History of a role
topic: privileges
question: How did this role come to what it may do?
how_to_read: "Every statement about the role in order: made, granted, changed, revoked, with who did it. ok false is an attempt that the server refused. What was granted before the first record, or by the portal without a statement, is not here."
parameters:
  role: { type: text, required: true, example: svc_portal, help: "Role that was changed, or was given or taken something." }
  server: { type: text, default: null, help: "Server; all unless given." }
  since: { type: time, default: 365d, help: "First moment (UTC), or so long before the newest event." }
  until: { type: time, default: 0s, help: "First moment (UTC) that is left out; past the newest event unless given." }
---*/
SELECT
  event_time,
  server,
  CASE
    WHEN list_contains(flags, 'drop_role') THEN 'role dropped'
    WHEN len(roles_granted) > 0 AND list_contains(flags, 'revoke') THEN 'membership revoked'
    WHEN len(roles_granted) > 0 THEN 'membership granted'
    WHEN list_contains(flags, 'owner_change') THEN 'owner changed'
    WHEN list_contains(flags, 'default_privs') THEN 'default privileges'
    WHEN list_contains(flags, 'revoke') THEN 'privileges revoked'
    WHEN len(grantees) > 0 OR list_contains(kinds, 'GrantStmt') THEN 'privileges granted'
    WHEN list_contains(kinds, 'CreateRoleStmt') THEN 'role created'
    WHEN list_contains(kinds, 'AlterRoleSetStmt') THEN 'setting of the role'
    WHEN list_contains(kinds, 'AlterRoleStmt') AND list_contains(flags, 'sets_password') THEN 'password set'
    WHEN list_contains(kinds, 'AlterRoleStmt') THEN 'role changed'
    WHEN list_contains(kinds, 'RenameStmt') THEN 'role renamed'
    ELSE lower(coalesce(command, kinds[1]))
  END AS what,
  ok,
  user_name AS by_user,
  client AS from_client,
  application AS with_application,
  roles_granted,
  grantees,
  role_options,
  target,
  normalized AS statement,
  message AS error
FROM activity
WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
  AND ($server::VARCHAR IS NULL OR server = lower($server))
  AND (
    class = 'ROLE'
    -- The many plain reads and changes of data need no look at their lists.
    OR ((NOT ok OR class NOT IN ('READ', 'WRITE')) AND (
      len(roles_granted) + len(grantees) + len(role_options) > 0
      OR list_has_any(kinds, ['GrantStmt', 'GrantRoleStmt', 'CreateRoleStmt', 'AlterRoleStmt', 'AlterRoleSetStmt', 'DropRoleStmt', 'AlterDefaultPrivilegesStmt', 'DropOwnedStmt', 'ReassignOwnedStmt'])
    ))
  )
  AND (target = $role OR list_contains(grantees, $role) OR list_contains(roles_granted, $role) OR object_name = $role)
ORDER BY event_time, record_id
