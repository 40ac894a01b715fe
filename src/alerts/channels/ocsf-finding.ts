/**
 * A message as a Detection Finding (class 2004) of the Open Cybersecurity Schema Framework 1.6.0: schema.ocsf.io/1.6.0,
 * github.com/ocsf/ocsf-schema, tag 1.6.0. No profiles. Pure.
 */
import type { CloseReason } from '../desk.ts';
import type { AlertData, AlertMessage, DigestMessage, Message } from '../message.ts';
import { storyOf } from '../story.ts';
import { ACTIVITY, ANALYTIC, type Coded, SEVERITY, STATUS, TARGET } from './ocsf-enums.ts';
import { anomalyAnalyses, attacks, evidences } from './ocsf-evidence.ts';
import { milliseconds, present } from './ocsf-fields.ts';

export const OCSF_VERSION = '1.6.0';
const CATEGORY_UID = 2;
const CLASS_UID = 2004;
const CLASS_NAME = 'Detection Finding';

/** What receivers know the resource by. */
const RESOURCE_TYPE = 'Azure Database for PostgreSQL flexible server';

/** Messages that nobody has to act on: the schema wants no alert for a finding that is closed. */
const NOT_ALERTING: readonly Message['type'][] = ['alert.acknowledged', 'alert.closed'];

const HARMLESS: readonly CloseReason[] = ['false-positive', 'expected'];

/** Which delivery of which pgvigil it is. */
export interface Sender {
  /** Of the delivery; the same on every attempt. */
  id: string;
  /** Of pgvigil. */
  version: string;
}

export function findingOf(message: Message, sender: Sender) {
  return message.type === 'alert.digest' ? digestFinding(message, sender) : alertFinding(message, sender);
}

function alertFinding(message: AlertMessage, sender: Sender) {
  const { type, timestamp, data } = message;
  const story = storyOf(message);
  const [statusId, status] = statusOf(data);
  const [analyticId, analytic] = data.baseline === null ? ANALYTIC.rule : ANALYTIC.behavioral;
  const changed = milliseconds(timestamp);
  return present({
    ...envelope(message, sender, story.severity),
    status_id: statusId,
    status,
    status_detail: story.change,
    comment: data.change?.note ?? null,
    start_time: milliseconds(data.first_seen),
    end_time: milliseconds(data.last_seen),
    count: data.count,
    message: data.summary,
    finding_info: present({
      uid: data.id,
      title: data.title,
      desc: story.why === null ? data.summary : `${data.summary}\n${story.why}`,
      types: [data.name],
      // Later messages do not say when the alert was opened.
      created_time: type === 'alert.opened' || type === 'alert.test' ? changed : null,
      modified_time: changed,
      first_seen_time: milliseconds(data.first_seen),
      last_seen_time: milliseconds(data.last_seen),
      analytic: { uid: data.detector, name: data.name, type_id: analyticId, type: analytic },
      attacks: attacks(data),
      tags: data.tags.length === 0 ? null : [{ name: 'tags', values: data.tags }],
    }),
    resources: [serverResource(data.server)],
    evidences: evidences(data),
    anomaly_analyses: anomalyAnalyses(data),
    remediation: remediation(data.runbook),
    unmapped: present({
      entity: data.entity,
      status: data.status,
      sessions: data.sessions,
      change: data.change && present(data.change),
      query: data.query,
      silence: data.silence,
      acknowledge: data.acknowledge,
      links: data.links,
    }),
  });
}

/** One finding that stands for many. The most severe of them are its related events. */
function digestFinding(message: DigestMessage, sender: Sender) {
  const { timestamp, data } = message;
  const story = storyOf(message);
  const [statusId, status] = STATUS.open;
  const created = milliseconds(timestamp);
  return present({
    ...envelope(message, sender, story.severity),
    status_id: statusId,
    status,
    start_time: milliseconds(data.from),
    end_time: milliseconds(data.to),
    count: data.messages,
    message: story.sentence,
    finding_info: present({
      uid: data.id,
      title: story.title,
      desc: story.sentence,
      types: ['digest'],
      created_time: created,
      modified_time: created,
      related_events: data.top.map((one) => {
        const [severityId, severity] = SEVERITY[one.severity];
        return {
          uid: one.id,
          title: `${one.detector} on ${one.server}`,
          desc: one.summary,
          severity_id: severityId,
          severity,
          count: one.count,
        };
      }),
      related_events_count: data.alerts,
    }),
    resources: data.by_server.map(({ server }) => serverResource(server)),
    unmapped: {
      reason: data.reason,
      by_severity: data.by_severity,
      by_detector: data.by_detector,
      by_server: data.by_server,
      query: data.query,
    },
  });
}

/** What every finding has: class, activity, severity, time, and where it comes from. */
function envelope(
  { type, timestamp, data }: Message,
  { id, version }: Sender,
  severity: AlertData['severity'],
) {
  const [activityId, activity] = ACTIVITY[type];
  const [severityId, severityName] = SEVERITY[severity];
  return {
    category_uid: CATEGORY_UID,
    category_name: 'Findings',
    class_uid: CLASS_UID,
    class_name: CLASS_NAME,
    activity_id: activityId,
    activity_name: activity,
    type_uid: CLASS_UID * 100 + activityId,
    type_name: `${CLASS_NAME}: ${activity}`,
    severity_id: severityId,
    severity: severityName,
    // Required: the epoch stands for a time that no calendar holds.
    time: milliseconds(timestamp) ?? 0,
    is_alert: !NOT_ALERTING.includes(type),
    metadata: present({
      version: OCSF_VERSION,
      product: { name: 'pgvigil', vendor_name: 'pgvigil', version },
      uid: id,
      correlation_uid: data.id,
      event_code: type,
      labels: type === 'alert.test' ? ['test'] : [],
    }),
  };
}

/** Suppressed is what was looked at and found to be harmless. */
function statusOf({ status, change }: AlertData): Coded {
  const isHarmless = status === 'closed' && HARMLESS.some((reason) => reason === change?.reason);
  return isHarmless ? STATUS.suppressed : STATUS[status];
}

function serverResource(name: string) {
  const [roleId, role] = TARGET;
  return { name, type: RESOURCE_TYPE, role_id: roleId, role };
}

function remediation(steps: readonly string[]) {
  if (steps.length === 0) return null;
  return { desc: steps.map((step, index) => `${index + 1}. ${step}`).join('\n') };
}
