/** Hosts that a statement names: options of foreign servers, connection strings, URLs, UNC paths. */
import { as, constantText, type NodeHandlers } from '../ast.ts';
import type { Draft } from '../draft.ts';
import { tellingText } from '../watched-value.ts';

/** More hosts than this are data, not destinations. */
const MAX_HOSTS = 32;
/** `host=a,b` of libpq, quoted or not. */
const KEY_VALUE = /(?<![a-z0-9_])host(?:addr)?\s{0,8}=\s{0,8}'{0,2}([\w.:,[\]-]{1,512})/gi;
/** Authority of a URL: credentials are skipped; several hosts are allowed by libpq. */
const URL = /[a-z][a-z0-9+.-]{0,16}:\/\/(?:[^\s/?#'"@]{0,256}@)?([\w.:,[\]-]{1,512})/gi;
const TDS_SERVER = /^([\w.:,[\]-]{1,512})/;
const EASY_CONNECT = /^(?:\/\/([\w.:[\]-]{1,512})|([\w.:[\]-]{1,512})\/)/;
const UNC = /^\\\\([\w.-]{1,255})\\/;

export const hostHandlers: NodeHandlers<Draft> = {
  DefElem(node, draft) {
    const name = node.defname ?? '';
    if (/^host(?:addr)?$/i.test(name)) add(constantText(node.arg) ?? '', draft.hosts);
    else if (/^(?:servername|dbserver)$/i.test(name))
      addServer(name, constantText(node.arg) ?? '', draft.hosts);
    else addHosts(as(node.arg, 'String')?.sval ?? '', draft.hosts);
  },
  A_Const(node, draft) {
    addHosts(tellingText(node), draft.hosts);
  },
  CreateSubscriptionStmt(node, draft) {
    addHosts(node.conninfo ?? '', draft.hosts);
  },
  AlterSubscriptionStmt(node, draft) {
    addHosts(node.conninfo ?? '', draft.hosts);
  },
  CopyStmt(node, draft) {
    addHosts(node.filename ?? '', draft.hosts);
  },
};

/** tds_fdw: `host` or `host\instance`; oracle_fdw: `//host:port/service`, a connect descriptor, or an alias that is no host. */
function addServer(option: string, server: string, hosts: Set<string>): void {
  const isOracle = option.toLowerCase() === 'dbserver';
  const host = isOracle ? EASY_CONNECT.exec(server) : TDS_SERVER.exec(server);
  if (host !== null) add(host[1] ?? host[2]!, hosts);
  else addHosts(server, hosts);
}

/** Adds every host named in a text, lower case, without port. */
export function addHosts(text: string, hosts: Set<string>): void {
  if (text.length < 6) return;
  for (const [, list] of text.matchAll(KEY_VALUE)) add(list!, hosts);
  for (const [, list] of text.matchAll(URL)) add(list!, hosts);
  const unc = UNC.exec(text);
  if (unc !== null) add(unc[1]!, hosts);
}

function add(list: string, hosts: Set<string>): void {
  for (const part of list.toLowerCase().split(',')) {
    const host = withoutPort(part);
    if (host !== '' && hosts.size < MAX_HOSTS) hosts.add(host);
  }
}

/** `[::1]:5432` → `::1`, `db:5432` → `db`; an address with several colons is IPv6 and stays. */
function withoutPort(host: string): string {
  const bracketed = /^\[([^\]]*)\]/.exec(host);
  if (bracketed !== null) return bracketed[1]!;
  return host.split(':').length === 2 ? host.slice(0, host.indexOf(':')) : host.replace(/[.:]+$/, '');
}
