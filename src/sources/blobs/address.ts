/** Where an archive lies, and Microsoft's client for it. */
import type { TokenCredential } from '@azure/identity';
import {
  type AnonymousCredential,
  BlobServiceClient,
  ContainerClient,
  type StoragePipelineOptions,
  type StorageSharedKeyCredential,
} from '@azure/storage-blob';
import { PgvigilError } from '../../errors.ts';

/** How to reach a container, or what of it begins with a prefix. */
export type BlobAddress =
  /**
   * `https://<account>.blob.core.windows.net/<container>[/<prefix>]`; `http://127.0.0.1:<port>/<account>/<container>` for an
   * emulator. A SAS may follow after `?`; then, and for what anyone may read, the credential is an AnonymousCredential.
   */
  | { url: string; credential: TokenCredential | StorageSharedKeyCredential | AnonymousCredential }
  /** A connection string of the account (key or SAS), and `<container>[/<prefix>]` in it. */
  | { connectionString: string; container: string };

export interface BlobPlace {
  container: ContainerClient;
  /** What the names of the blobs begin with; empty for all of the container. */
  prefix: string;
  /** The address without its secrets. */
  title: string;
  /** Name of the stream in positions: the container, however it is reached. */
  source: string;
}

/** Trying again is not the client's: it does it without a word, and does not look at Retry-After. */
const OPTIONS: StoragePipelineOptions = { retryOptions: { maxTries: 1 } };

/**
 * Opens an address, without a request.
 *
 * @throws PgvigilError SOURCE_REFUSED for a malformed address, without quoting it
 */
export function placeOf(address: BlobAddress): BlobPlace {
  if ('connectionString' in address) {
    const [name = '', ...rest] = address.container.split('/');
    if (name === '') throw malformed('the address of the storage container names no container');
    return place(serviceOf(address.connectionString).getContainerClient(name), rest.join('/'));
  }
  const url = urlOf(address.url);
  if ('getToken' in address.credential && url.protocol !== 'https:')
    throw malformed('a sign-in with Microsoft Entra ID is sent over https only');
  const parts = url.pathname.split('/').slice(1);
  const account = isPathStyle(url) ? `/${parts.shift() ?? ''}` : '';
  const [name = '', ...rest] = parts;
  if (name === '') throw malformed('the address of the storage container names no container');
  const container = `${url.protocol}//${url.host}${account}/${name}${url.search}`;
  return place(new ContainerClient(container, address.credential, OPTIONS), decoded(rest.join('/')));
}

/**
 * What the URLs of the containers of an account begin with, up to a slash.
 *
 * @throws PgvigilError SOURCE_REFUSED for a malformed connection string, without quoting it
 */
export function accountUrl(connectionString: string): string {
  const { origin, pathname } = new URL(serviceOf(connectionString).url);
  return `${origin}${pathname.replace(/\/?$/, '/')}`;
}

function place(container: ContainerClient, prefix: string): BlobPlace {
  const url = new URL(container.url);
  const path = url.pathname.replace(/\/$/, '');
  return {
    container,
    prefix,
    title: `${url.origin}${path}${prefix === '' ? '' : `/${prefix}`}`,
    source: `blob:${url.host}${path}`,
  };
}

function serviceOf(connectionString: string): BlobServiceClient {
  try {
    return BlobServiceClient.fromConnectionString(connectionString, OPTIONS);
  } catch {
    // The client's own message may quote the connection string.
    throw malformed('the connection string of the storage account is malformed');
  }
}

function urlOf(text: string): URL {
  if (!URL.canParse(text)) throw malformed('the address of the storage container is no URL');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw malformed('the address of the storage container is no URL of the web');
  if (url.hostname.endsWith('.windows.net') && url.hostname.includes('.dfs.'))
    throw malformed('the address of the storage container is that of Data Lake Storage');
  return url;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw malformed('the address of the storage container holds a % that begins no character');
  }
}

/** Whether the account is the first part of the path, as with an emulator, and not of the host. */
function isPathStyle({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname.startsWith('[') || /^\d+\.\d+\.\d+\.\d+$/.test(hostname);
}

function malformed(message: string): PgvigilError {
  return new PgvigilError(
    'SOURCE_REFUSED',
    message,
    'Write https://<account>.blob.core.windows.net/<container>, or copy the connection string again from the portal: ' +
      'Storage account → Access keys.',
  );
}
