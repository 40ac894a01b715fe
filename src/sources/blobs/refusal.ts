/** What the errors of Blob Storage mean. None of the client's errors is passed on: they hold the address with its SAS. */
import { PgvigilError } from '../../errors.ts';

/** Codes of connections that may work the next time. */
const PASSING_CODES = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ETIMEDOUT',
  'ERR_STREAM_PREMATURE_CLOSE',
  'REQUEST_SEND_ERROR',
]);
const PASSING_STATUS = new Set([408, 429, 500, 502, 503, 504]);

const GRANT =
  'Give the identity the role "Storage Blob Data Reader" on the container, or use a SAS with read and list permission that ' +
  'is still valid.';
const NETWORK =
  'Check the name of the account, and that this machine may reach it: firewall of the storage account, private endpoint, DNS.';

/** HTTP status of the answer; undefined where there was none. */
export function statusOf(error: unknown): number | undefined {
  return (error as { statusCode?: number } | null)?.statusCode;
}

/** Storage's own code (`BlobNotFound`), the network's (`ENOTFOUND`), or the name of the error. */
export function codeOf(error: unknown): string {
  const { code, details, name } = (error ?? {}) as {
    code?: unknown;
    details?: { errorCode?: unknown };
    name?: unknown;
  };
  const found = [details?.errorCode, code, name].find((one) => typeof one === 'string' && /^\w+$/.test(one));
  return typeof found === 'string' ? found : 'unknown error';
}

/** Whether a blob is not what it was when it was listed, or is shorter. */
export function isChange(error: unknown): boolean {
  const status = statusOf(error);
  return status === 412 || status === 416;
}

/** Whether asking again may help. */
export function isPassing(error: unknown): boolean {
  const status = statusOf(error);
  if (status !== undefined) return PASSING_STATUS.has(status);
  return PASSING_CODES.has(codeOf(error)) || (error as Error | null)?.name === 'TimeoutError';
}

/** Whether an error comes from the service, or from the way to it: sign-in, network. */
export function isOfService(error: unknown): boolean {
  const { name = '', code } = (error ?? {}) as { name?: string; code?: unknown };
  if (statusOf(error) !== undefined || isPassing(error)) return true;
  return (
    /RestError|Credential|Authentication/.test(name) ||
    (typeof code === 'string' && /^E[A-Z_]+$|CERT/.test(code))
  );
}

/** The error for a container that cannot be read. */
export function refusalOf(error: unknown, title: string): PgvigilError {
  if (error instanceof PgvigilError) return error;
  const status = statusOf(error);
  const answer = status === undefined ? codeOf(error) : `HTTP ${status} ${codeOf(error)}`;
  return new PgvigilError('SOURCE_REFUSED', `${title} cannot be read: ${answer}`, hintOf(error));
}

function hintOf(error: unknown): string {
  const status = statusOf(error);
  const code = codeOf(error);
  if (code === 'AuthorizationFailure' || code === 'IpAuthorizationError') return `${NETWORK} ${GRANT}`;
  if (code === 'KeyBasedAuthenticationNotPermitted')
    return `The account takes no keys: leave the key out and sign in with Microsoft Entra ID. ${GRANT}`;
  if (status === 401 || status === 403 || status === 409) return GRANT;
  if (status === 404)
    return 'Check the name of the container: a diagnostic setting makes it with its first record (insights-logs-postgresqllogs).';
  if (status === 400)
    return 'Check the address: name of the container, and the SAS behind the question mark.';
  if (/Credential|Authentication/.test(code))
    return `Sign in (\`az login\`) or give the host a managed identity. ${GRANT}`;
  return NETWORK;
}
