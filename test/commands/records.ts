/** Log records as a Flexible Server ships them, for small inputs. */

export interface RecordOptions {
  /** Seconds after 2026-01-15 10:00:00 UTC. */
  second: number;
  /** `%c` of the prefix. */
  session: string;
  level?: string;
  sqlstate?: string;
  /** Text after prefix and level. */
  text: string;
}

export function record({ second, session, level = 'LOG', sqlstate = '00000', text }: RecordOptions): object {
  const time = new Date(Date.UTC(2026, 0, 15, 10, 0, second)).toISOString();
  const stamp = time.slice(0, 19).replace('T', ' ');
  return {
    category: 'PostgreSQLLogs',
    operationName: 'LogEvent',
    time,
    LogicalServerName: 'contoso-pg',
    resourceId:
      '/SUBSCRIPTIONS/0/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.DBFORPOSTGRESQL/FLEXIBLESERVERS/CONTOSO-PG',
    properties: {
      timestamp: `${stamp}.000 UTC`,
      processId: Number.parseInt(session.split('.')[1]!, 16),
      errorLevel: level,
      sqlerrcode: sqlstate,
      message: `${stamp} UTC-${session}-${level}:  ${text}`,
    },
  };
}

/** `count` refused passwords of one user from one address, a second apart. */
export function refusedPasswords(user: string, client: string, count: number): object[] {
  return Array.from({ length: count }, (_, second) => {
    const session = `6968baa0.${(0x100 + second).toString(16)}`;
    return [
      record({ second, session, text: `connection received: host=${client} port=${40_000 + second}` }),
      record({
        second,
        session,
        level: 'FATAL',
        sqlstate: '28P01',
        text: `password authentication failed for user "${user}"`,
      }),
    ];
  }).flat();
}
