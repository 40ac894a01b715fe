/** When a string of several statements looks like injection: a statement was hung onto what an application sends. */

/** Statements that a stacked injection does not need, and that drivers add by themselves (`UNLISTEN *; RESET ALL`). */
const FRAME = new Set([
  'TransactionStmt',
  'VariableSetStmt',
  'VariableShowStmt',
  'DiscardStmt',
  'ClosePortalStmt',
  'DeallocateStmt',
  'ListenStmt',
  'UnlistenStmt',
]);

/**
 * What an application sends with words of its users in it. Scripts and migrations begin with something else: CREATE, ALTER,
 * GRANT, DROP, DO.
 */
const CARRIES_INPUT = new Set([
  'SelectStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'CallStmt',
  'ExecuteStmt',
  'DeclareCursorStmt',
  'CopyStmt',
  // Takes no parameters, so that its payload is always glued in.
  'NotifyStmt',
]);

/**
 * True where another statement follows one that carries input.
 *
 * @param kinds kinds of all statements, in the order of the text; '' for one that is not known
 */
export function isStacked(kinds: readonly string[]): boolean {
  const own = kinds.filter((kind) => !FRAME.has(kind));
  return own.length > 1 && CARRIES_INPUT.has(own[0]!);
}
