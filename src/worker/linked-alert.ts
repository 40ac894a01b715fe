/** What a link shows of its alert, and what a person may still do with it. */
import type { LinkAction } from '../alerts/links.ts';
import { type AlertStatus, isSilent } from '../model/alert.ts';
import type { Severity } from '../model/severity.ts';
import type { Row, Store } from '../store/store.ts';

export interface LinkedAlert {
  id: string;
  title: string;
  severity: Severity;
  server: string;
  summary: string;
  status: AlertStatus;
  /** The step that brought it into this status, where one is written down. */
  step: { actor: string; time: Date; reason: string | null } | null;
}

interface LinkedRow extends Row {
  alert_id: string;
  title: string;
  severity: Severity;
  server: string;
  summary: string;
  status: AlertStatus;
  actor: string | null;
  happened_at: Date | null;
  reason: string | null;
}

const ALERT = `
  SELECT a.alert_id, a.title, a.severity, a.server, a.summary, a.status, h.actor, h.happened_at, h.reason
  FROM store.alerts a
  LEFT JOIN store.alert_history h ON h.alert_id = a.alert_id AND h.action = a.status
  WHERE a.alert_id = $id
  ORDER BY h.sequence DESC NULLS LAST
  LIMIT 1`;

/** The alert with exactly this id; null where it is no longer stored. */
export async function linkedAlert(store: Pick<Store, 'rows'>, id: string): Promise<LinkedAlert | null> {
  const [row] = await store.rows<LinkedRow>(ALERT, { id });
  if (row === undefined) return null;
  const { alert_id, title, severity, server, summary, status, actor, happened_at, reason } = row;
  return {
    id: alert_id,
    title,
    severity,
    server,
    summary,
    status,
    step: actor === null || happened_at === null ? null : { actor, time: happened_at, reason },
  };
}

/** `ready`; `done`: somebody did it already; `over`: it can no longer be done. */
export type Readiness = 'ready' | 'done' | 'over';

export function readinessOf(alert: Pick<LinkedAlert, 'status'>, action: LinkAction): Readiness {
  const { status } = alert;
  if (isSilent(alert)) return 'over';
  if (status === 'closed') return action === 'close' ? 'done' : 'over';
  return status === 'acknowledged' && action === 'acknowledge' ? 'done' : 'ready';
}
