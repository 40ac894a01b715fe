/** A parameter of the server and what a text makes of it. */
export interface Setting {
  /** Lower case; `*` for all of them. */
  name: string;
  /** `RESET`, `DEFAULT` and `CURRENT` for these; null where the text does not tell. */
  value: string | null;
  /** session, local, role, database, system, attempt. */
  scope: string;
}

/** What the AST (or, for failures without text, the error message) says. */
export interface StatementFeatures {
  parseOk: boolean;
  /** libpg-query fingerprint, 16 hex digits; null when the text did not parse. */
  fingerprint: string | null;
  /** Text with every literal replaced by `$n`: what may leave in an alert. Null when the text did not parse. */
  normalized: string | null;
  /** AST node names, one per statement of the string: SelectStmt, CopyStmt, … */
  kinds: string[];
  /** `schema.table` or `table` as written, lower case; CTE names resolved away; system catalogs apart. */
  relationsRead: string[];
  relationsWritten: string[];
  /** System catalogs and information_schema views, read or changed. */
  catalogs: string[];
  /** Of these, the changed ones. */
  catalogsWritten: string[];
  /**
   * Columns that the text names, `schema.table.column` or `table.column` where it tells the relation, else `column`;
   * lower case. `*` names none. Columns of CTEs, subqueries and functions are left out: what they stand for is read
   * inside.
   */
  columnsRead: string[];
  /** Columns of INSERT, UPDATE SET, MERGE and COPY FROM. */
  columnsWritten: string[];
  /** Called functions, last name part, lower case. */
  functions: string[];
  /** Names from the closed list in `statements/flags.ts`. */
  flags: string[];
  /** Of `settings` the one that matters most for security. */
  settingName: string | null;
  settingValue: string | null;
  /** session, local, role, database, system, attempt. */
  settingScope: string | null;
  /** Settings that the text changes, in its order; 100 at most, of which those stay that matter most. */
  settings: Setting[];
  rolesGranted: string[];
  grantees: string[];
  /** superuser, createrole, createdb, isreplication, bypassrls, canlogin, …: switched on. */
  roleOptions: string[];
  /** Hosts in connection strings and URLs. */
  hosts: string[];
  language: string | null;
  extension: string | null;
  /** File or program of COPY, library of LOAD. */
  path: string | null;
  /** Object or role that the statement is about. */
  target: string | null;
  statementCount: number;
  /** Objects dropped or truncated. */
  dropCount: number;
  /** NULLs in the widest SELECT list on the right of a UNION. */
  nullPads: number;
  /** Number of chr() calls. */
  chrChain: number;
  /** pgaudit cut the text after PASSWORD: what followed is unknown. */
  tailRedacted: boolean;
}
