/**
 * Values of `log_line_prefix` that are met in the wild. Of two that fit the first is taken: one with `%q` also reads the
 * lines of one without.
 */
export const KNOWN_PREFIXES: readonly string[] = [
  // pgBadger's documentation, "log_line_prefix"; with and without its line number, host first or last.
  '%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ',
  '%t [%p]: user=%u,db=%d,app=%a,client=%h ',
  '%m [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ',
  '%m [%p]: user=%u,db=%d,app=%a,client=%h ',
  '%t [%p]: [%l-1] user=%u,db=%d,client=%h ',
  '%t [%p]: user=%u,db=%d,client=%h ',
  '%t [%p]: [%l-1] db=%d,user=%u,app=%a,client=%h ',
  '%t [%p]: db=%d,user=%u,app=%a,client=%h ',
  '%t [%p]: [%l-1] user=%u,db=%d ',
  '%t [%p]: user=%u,db=%d ',
  // Microsoft's PostgreSQL workshop.
  '%t %p %l-1 db-%d,user-%u,app-%a,client-%h ',
  // pganalyze's setup pages; the one without %q for Azure.
  '%m [%p] %q[user=%u,db=%d,app=%a] ',
  '%m [%p] [user=%u,db=%d,app=%a] ',
  '%m [%p] %q[user=%u,db=%d,app=%a,host=%h] ',
  // IBM Guardium's universal connector for Azure.
  '%t:%r:%u@%d:[%p]:%a:%e',
  // Amazon RDS, kept by people who move.
  '%t:%r:%u@%d:[%p]:',
  // Debian's and Ubuntu's package.
  '%m [%p] %q%u@%d ',
  '%t [%p-%l] %q%u@%d ',
  // Microsoft Learn: audit logging with Microsoft Entra ID, and its lab; the first three with a blank or comma at the end.
  '%t-%c-user=%u,db=%d,session=%c,sess_time=%s',
  '%t-%c-user=%u,db=%d,session=%c,sess_time=%s ',
  '%t-%c-user=%u,db=%d,app=%a,client=%h ',
  't=%m u=%u db=%d pid=[%p] Session ID=[%c]:',
  '%t-%c-%u-%d-',
  // PostgreSQL's own default, since 10.
  '%m [%p] ',
  '%t [%p] ',
  '%t [%p]: ',
];
