/** What to type so that something arrives. Pure. */

/** The name as a word of a command; a placeholder where it is not one that Azure gives. */
export function shellName(server: string): string {
  return /^[a-z0-9][a-z0-9-]{0,62}$/.test(server) ? server : '<server>';
}

export function setParameter(server: string, name: string, value: string): string {
  return `az postgres flexible-server parameter set -g <group> -s ${shellName(server)} --name ${name} --value ${value}`;
}

export function showParameter(server: string, name: string): string {
  return `az postgres flexible-server parameter show -g <group> -s ${shellName(server)} --name ${name}`;
}

/** The log of the built-in PgBouncer, beside that of the server. */
export function exportPooler(server: string): string {
  const id = `$(az postgres flexible-server show -g <group> -n ${shellName(server)} --query id -o tsv)`;
  const logs = `'[{"category":"PostgreSQLLogs","enabled":true},{"category":"PostgreSQLFlexPGBouncer","enabled":true}]'`;
  return `az monitor diagnostic-settings create --name pgvigil --resource ${id} --event-hub <hub> --event-hub-rule <rule id> --logs ${logs}`;
}

export function configure(text: string): string {
  return `pgvigil.yaml: ${text}`;
}

/** A statement that leaves a line if it can; to be run by any role. */
export function trySql(sql: string): string {
  return `run once, then look again: ${sql}`;
}
