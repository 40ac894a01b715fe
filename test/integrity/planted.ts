/**
 * Records with a secret in them, one for each way that a secret takes into a log; each with a marker beside it that is no
 * secret and must be stored, so that nothing passes because it was thrown away.
 */

export interface Planted {
  path: string;
  secret: string;
  marker: string;
}

type Ids = { s: string; m: string };
type Properties = Record<string, unknown>;

const TIME = Date.UTC(2026, 10, 24, 12);
const timestamp = (at: number) => new Date(at).toISOString().replace('T', ' ').replace('Z', ' UTC');

/** A server line at `at`, with the default prefix. */
function line(at: number, pid: number, level: string, text: string, more: Properties = {}): Properties {
  const session = `${Math.floor(at / 1000).toString(16)}.${pid.toString(16)}`;
  return {
    category: 'PostgreSQLLogs',
    operationName: 'LogEvent',
    resourceId: '/SUBSCRIPTIONS/0/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.DBFORPOSTGRESQL/FLEXIBLESERVERS/SRV1',
    time: new Date(at).toISOString(),
    LogicalServerName: 'srv1',
    properties: {
      timestamp: timestamp(at),
      processId: pid,
      errorLevel: level,
      sqlerrcode: level === 'LOG' ? '00000' : '42501',
      backend_type: 'client backend',
      message: `${timestamp(at).slice(0, 19)} UTC-${session}-${level}:  ${text}`,
      ...more,
    },
  };
}

/** A field as append_valid_csv of pgaudit.c writes it. */
const csv = (field: string) => (/[,"\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field);

const audit = (cls: string, command: string, statement: string, parameters = '<not logged>') =>
  `AUDIT: SESSION,1,1,${cls},${command},,,${csv(statement)},${csv(parameters)}`;

/** Statements: each is audited, fails, is logged by log_statement, and stands in a multi-statement text. */
const STATEMENTS: Record<string, (ids: Ids) => string> = {
  'create role': ({ s, m }) => `CREATE ROLE ${m} LOGIN PASSWORD '${s}'`,
  'alter role, encrypted': ({ s, m }) =>
    `ALTER ROLE ${m} WITH ENCRYPTED PASSWORD E'a\\'${s}' VALID UNTIL 'infinity'`,
  'alter user, unicode': ({ s, m }) => `alter user ${m} password U&'!0041${s}' UESCAPE '!'`,
  'alter group, dollar quotes and comments': ({ s, m }) => `ALTER GROUP ${m} PASSWORD /* its */ $x$${s}$x$`,
  'alter role, in two pieces': ({ s, m }) => `ALTER ROLE ${m} PASSWORD 'a'\n  '${s}'`,
  'alter role, md5 verifier': ({ s, m }) =>
    `UPDATE pg_authid SET rolpassword = 'md5${`${s}${s}`.slice(0, 32)}' -- ${m}`,
  'alter role, scram verifier': ({ s, m }) => `SELECT 'SCRAM-SHA-256$4096:${s}==$${s}=:${s}=', '${m}'`,
  'user mapping': ({ s, m }) => `CREATE USER MAPPING FOR ${m} SERVER f OPTIONS (user 'u', password '${s}')`,
  'user mapping, quoted': ({ s, m }) =>
    `ALTER USER MAPPING FOR ${m} SERVER f OPTIONS (SET "password" '${s}')`,
  'foreign server': ({ s, m }) => `ALTER SERVER ${m} OPTIONS (ADD sslpassword '${s}')`,
  'dblink_connect, key and value': ({ s, m }) =>
    `SELECT dblink_connect('${m}', 'host=h user=u password=${s}')`,
  'dblink, quoted value': ({ s, m }) =>
    `SELECT * FROM dblink('host=h password=''a ${s}'' user=u', 'SELECT 1') AS ${m}(a int)`,
  'dblink, URI': ({ s, m }) =>
    `SELECT dblink_connect('${m}', 'postgresql://u:p@${s}@h:5432/d?sslmode=require')`,
  'dblink, URI with query': ({ s, m }) =>
    `SELECT dblink_connect('${m}', 'postgresql://h/d?user=u&password=${s}')`,
  JDBC: ({ s, m }) => `SELECT ${m}('jdbc:postgresql://h:5432/d?user=u&password=${s}&ssl=true')`,
  'ADO.NET': ({ s, m }) => `SELECT ${m}('Server=h;Database=d;User Id=u;Pwd=${s};Ssl Mode=Require')`,
  'create subscription': ({ s, m }) =>
    `CREATE SUBSCRIPTION ${m} CONNECTION 'host=h password=${s}' PUBLICATION p`,
  'alter subscription': ({ s, m }) => `ALTER SUBSCRIPTION ${m} CONNECTION $c$service=x password=${s}$c$`,
  'alter system': ({ s, m }) => `ALTER SYSTEM SET primary_conninfo = 'host=${m} password=${s}'`,
  'DO body': ({ s, m }) => `DO $$ BEGIN EXECUTE 'ALTER ROLE ${m} PASSWORD ''${s}'''; END $$`,
  'DO body, nested': ({ s, m }) => `DO 'BEGIN EXECUTE ''ALTER ROLE ${m} PASSWORD ''''${s}''''''; END'`,
  'DO body, format': ({ s, m }) =>
    `DO $$ BEGIN PERFORM ${m}(); EXECUTE format('ALTER ROLE %I PASSWORD %L', 'x', '${s}'); END $$`,
  'DO body, put together': ({ s, m }) =>
    `DO $$ BEGIN EXECUTE 'ALTER ROLE ${m} PASSWORD ' || quote_literal('${s}'); END $$`,
  'COPY PROGRAM, curl user': ({ s, m }) => `COPY ${m} FROM PROGRAM 'curl -su bob:${s} http://h/x'`,
  'COPY PROGRAM, bearer': ({ s, m }) =>
    `COPY ${m} FROM PROGRAM 'curl -H "Authorization: Bearer ${s}" http://h/x'`,
  'COPY PROGRAM, header': ({ s, m }) => `COPY ${m} FROM PROGRAM 'curl -H "X-Api-Key: ${s}" http://h/x'`,
  'COPY PROGRAM, environment': ({ s, m }) => `COPY ${m} TO PROGRAM 'PGPASSWORD=${s} psql -h h'`,
  'COPY PROGRAM, sshpass': ({ s, m }) => `COPY ${m} TO PROGRAM 'sshpass -p ${s} ssh h'`,
  'azure_storage account key': ({ s, m }) => `SELECT azure_storage.account_add('${m}', '${s}==')`,
  'azure_storage account key in options': ({ s, m }) =>
    `SELECT azure_storage.account_add(azure_storage.account_options('a', '${s}')) AS ${m}`,
  'storage connection string': ({ s, m }) =>
    `SELECT '${m}', 'AccountName=a;AccountKey=${s}+/==;EndpointSuffix=x'`,
  'shared access signature': ({ s, m }) =>
    `SELECT azure_storage.blob_get('https://a.blob/${m}?sv=1&sig=${s}%3D&se=1')`,
  'azure_ai key': ({ s, m }) =>
    `SELECT azure_ai.set_setting('azure_openai.subscription_key', '${s}') AS ${m}`,
  'JSON web token': ({ s, m }) => `SELECT ${m}('eyJhbGciOiJIUzI1NiJ9.eyJzdWIi${s}.${s}')`,
  pgp_sym_encrypt: ({ s, m }) => `SELECT pgp_sym_encrypt(data, '${s}') FROM ${m}`,
  pgp_pub_decrypt: ({ s, m }) => `SELECT pgp_pub_decrypt(data, dearmor('x'), '${s}') FROM ${m}`,
  encrypt: ({ s, m }) => `SELECT encrypt(data, convert_to('${s}', 'UTF8'), 'aes') FROM ${m}`,
  crypt: ({ s, m }) => `SELECT * FROM ${m} WHERE hash = crypt('${s}', hash)`,
  hmac: ({ s, m }) => `SELECT hmac(data, '${s}', 'sha256') FROM ${m}`,
  set_config: ({ s, m }) => `SELECT set_config('app.api_key', '${s}', false) AS ${m}`,
  'set setting': ({ s, m }) => `ALTER DATABASE ${m} SET app.jwt_secret TO '${s}'`,
  'insert under a column': ({ s, m }) =>
    `INSERT INTO ${m} (name, password) VALUES ('a', '${s}'), ('b', '${s}')`,
  'update of a column': ({ s, m }) => `UPDATE ${m} SET password = '${s}' WHERE token = '${s}'`,
  'JSON in SQL': ({ s, m }) => `SELECT '{"user":"${m}","client_secret":"${s}"}'::jsonb`,
  'http extension': ({ s, m }) => `SELECT http_header('Authorization', 'Basic ${s}') AS ${m}`,
  'cut statement': ({ s, m }) => `ALTER ROLE ${m} PASSWORD '${s}`,
};

/** Ways of a log line of its own. */
const LINES: Record<string, (ids: Ids) => [level: string, text: string, more?: Properties]> = {
  'parameters of pgaudit': ({ s, m }) => [
    'LOG',
    audit('WRITE', 'UPDATE', `UPDATE ${m} SET password = $1, n = $2`, `${s},"a ""b"""`),
  ],
  'parameters of pgaudit, a name among them': ({ s, m }) => [
    'LOG',
    audit('READ', 'SELECT', `SELECT ${m}, set_config($1, $2, true)`, `app.api_key,${s}`),
  ],
  'parameters of pgaudit, a key': ({ s, m }) => [
    'LOG',
    audit('READ', 'SELECT', `SELECT pgp_sym_decrypt(d, $1) FROM ${m}`, s),
  ],
  'DETAIL parameters': ({ s, m }) => [
    'LOG',
    `execute <unnamed>: UPDATE ${m} SET password = $1`,
    { detail: `parameters: $1 = '${s}'` },
  ],
  'DETAIL Parameters of 17': ({ s, m }) => [
    'LOG',
    `duration: 1.234 ms  execute <unnamed>: SELECT crypt($1, h) FROM ${m}`,
    { detail: `Parameters: $1 = '${s}', $2 = NULL` },
  ],
  'DETAIL parameters, a name among them': ({ s, m }) => [
    'LOG',
    `execute <unnamed>: SELECT ${m}, set_config($1, $2, true)`,
    { detail: `Parameters: $1 = 'app.api_key', $2 = '${s}'` },
  ],
  'DETAIL of a repeated key': ({ s, m }) => [
    'ERROR',
    `duplicate key value violates unique constraint "${m}"`,
    { detail: `Key (token)=(${s}) already exists.`, sqlerrcode: '23505' },
  ],
  'DETAIL of a failing row': ({ s, m }) => [
    'ERROR',
    `null value in column "n" of relation "${m}" violates not-null constraint`,
    {
      detail: `Failing row contains (1, ${s}, null).`,
      statement: `INSERT INTO ${m} (id, password, n) VALUES ($1, $2, $3)`,
      sqlerrcode: '23502',
    },
  ],
  'CONTEXT parameters of an error': ({ s, m }) => [
    'ERROR',
    `division by zero in ${m}`,
    {
      context: `unnamed portal with parameters: $1 = '${s}'`,
      statement: 'UPDATE u SET password = $1 WHERE 1/0 = 1',
      sqlerrcode: '22012',
    },
  ],
  'error about a connection string': ({ s, m }) => [
    'ERROR',
    `could not connect to server "${m}": missing "=" after "${s}" in connection info string`,
  ],
  'error with a URI': ({ s, m }) => ['ERROR', `invalid dsn: postgres://${m}:${s}@h:x/d`],
  'changed setting': ({ s, m }) => [
    'LOG',
    `parameter "${m}.api_key" changed to "${s}"`,
    { backend_type: 'postmaster' },
  ],
  'changed connection string': ({ s, m }) => [
    'LOG',
    `parameter "primary_conninfo" changed to "host=${m} password=${s}"`,
    { backend_type: 'postmaster' },
  ],
  'application name': ({ s, m }) => [
    'LOG',
    `connection authorized: user=${m} database=d application_name=psql postgresql://u:${s}@h/d`,
  ],
};

/** Whole messages that are not a sound server line. */
const BODIES: Record<string, (ids: Ids, at: number) => string> = {
  'not JSON': ({ s, m }) => `${m} is not JSON, password=${s}`,
  'broken JSON': ({ s, m }, at) =>
    JSON.stringify({ records: [line(at, 7, 'LOG', `statement: ALTER ROLE ${m} PASSWORD '${s}'`)] }).slice(
      0,
      -9,
    ),
  'unknown prefix': ({ s, m }, at) =>
    JSON.stringify(
      line(at, 7, 'LOG', '', {
        message: `### ${audit('ROLE', 'ALTER ROLE', `ALTER ROLE ${m} PASSWORD '${s}'`)}`,
      }),
    ),
  'unknown prefix, parameters of pgaudit': ({ s, m }, at) =>
    JSON.stringify(
      line(at, 7, 'LOG', '', {
        message: `### ${audit('WRITE', 'UPDATE', `UPDATE "${m}" SET password = $1, n = $2`, `${s},"a ""b"", c"`)}`,
      }),
    ),
  'unknown prefix, DETAIL parameters': ({ s, m }, at) =>
    JSON.stringify(
      line(at, 7, 'LOG', '', {
        message: `### execute <unnamed>: UPDATE ${m} SET password = $1`,
        detail: `parameters: $1 = '${s}'`,
      }),
    ),
  'unknown category': ({ s, m }, at) =>
    JSON.stringify({
      category: 'SomethingNew',
      time: new Date(at).toISOString(),
      LogicalServerName: 'srv1',
      properties: { name: m, adminPassword: s, text: `ALTER ROLE x PASSWORD '${s}'` },
    }),
  PgBouncer: ({ s, m }, at) =>
    JSON.stringify({
      category: 'PostgreSQLFlexPGBouncer',
      time: new Date(at).toISOString(),
      LogicalServerName: 'srv1',
      log: `${timestamp(at)} [1] ERROR invalid connection string for ${m}: host=h password=${s}`,
    }),
};

/**
 * Every way, with fresh secrets.
 * @param random hex digits that no other call has given; a secret must be known by them alone
 */
export function plantAll(random: () => string): { planted: Planted[]; messages: Buffer[] } {
  const planted: Planted[] = [];
  const messages: Buffer[] = [];
  let at = TIME;
  const fresh = (path: string): Ids => {
    const ids = { s: random(), m: `m_${random()}` };
    planted.push({ path, secret: ids.s, marker: ids.m });
    return ids;
  };
  const send = (record: unknown) => messages.push(Buffer.from(JSON.stringify({ records: [record] })));
  for (const [path, statementOf] of Object.entries(STATEMENTS)) {
    at += 1_000;
    const pid = 100 + planted.length;
    send(line(at, pid, 'LOG', audit('MISC', 'DO', statementOf(fresh(`audited: ${path}`)))));
    send(line(at, pid, 'ERROR', 'permission denied', { statement: statementOf(fresh(`failed: ${path}`)) }));
    send(line(at, pid, 'LOG', `statement: ${statementOf(fresh(`logged: ${path}`))}`));
    const both = `SELECT 1; ${statementOf(fresh(`beside another: ${path}`))}`;
    send(line(at, pid, 'LOG', audit('READ', 'SELECT', both)));
  }
  for (const [path, lineOf] of Object.entries(LINES)) {
    at += 1_000;
    send(line(at, 100 + planted.length, ...lineOf(fresh(path))));
  }
  for (const [path, bodyOf] of Object.entries(BODIES)) {
    at += 1_000;
    messages.push(Buffer.from(bodyOf(fresh(path), at)));
  }
  return { planted, messages };
}
