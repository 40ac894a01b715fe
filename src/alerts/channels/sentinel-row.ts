/**
 * A message as a row of a custom table of Log Analytics. The columns are flat and named after those of SecurityAlert, which
 * takes no rows from outside (https://learn.microsoft.com/azure/azure-monitor/reference/tables/securityalert).
 * `docs/sentinel.md` declares the same columns, with their types. Pure.
 */
import type { Severity } from '../../model/severity.ts';
import type { AlertData, AlertMessage, DigestMessage, Message } from '../message.ts';
import { storyOf } from '../story.ts';

/** Columns are named for people who write KQL. A column that a message has nothing for is null. */
export type SentinelRow = {
  /** ISO 8601. */
  TimeGenerated: string;
  /** Same on every attempt: what a query drops repeats by. */
  MessageId: string;
  MessageType: Message['type'];
  AlertId: string;
  AlertName: string;
  /** In the four words of Sentinel. */
  AlertSeverity: 'Informational' | 'Low' | 'Medium' | 'High';
  /** In ours, with `critical`. */
  SeverityLevel: Severity;
  Description: string;
  Why: string | null;
  DetectorId: string | null;
  DetectorName: string | null;
  Tactics: string | null;
  Techniques: string | null;
  CompromisedEntity: string | null;
  Entity: string | null;
  UserName: string | null;
  ClientAddress: string | null;
  DatabaseName: string | null;
  Application: string | null;
  StartTime: string | null;
  EndTime: string | null;
  EventCount: number;
  Observed: number | null;
  Baseline: number | null;
  Threshold: number | null;
  Status: string | null;
  Statements: string[];
  Evidence: Record<string, unknown>[];
  RemediationSteps: string[];
  ExtendedLinks: { Label: string; Href: string }[];
  Change: string | null;
  ChangedBy: string | null;
  ChangeReason: string | null;
  Query: string;
};

const SEVERITIES: Record<Severity, SentinelRow['AlertSeverity']> = {
  critical: 'High',
  high: 'High',
  medium: 'Medium',
  low: 'Low',
  info: 'Informational',
};

/**
 * The row for a message.
 *
 * @param id of the delivery
 * @param now time of the row where the message has none
 */
export function sentinelRow(message: Message, id: string, now: Date): SentinelRow {
  const { severity, title, sentence } = storyOf(message);
  return {
    TimeGenerated: message.timestamp ?? now.toISOString(),
    MessageId: id,
    MessageType: message.type,
    AlertId: message.data.id,
    AlertName: title,
    AlertSeverity: SEVERITIES[severity],
    SeverityLevel: severity,
    Description: sentence,
    ...(message.type === 'alert.digest' ? digestColumns(message) : alertColumns(message)),
    Query: message.data.query,
  };
}

type OwnColumns = Omit<
  SentinelRow,
  | 'TimeGenerated'
  | 'MessageId'
  | 'MessageType'
  | 'AlertId'
  | 'AlertName'
  | 'AlertSeverity'
  | 'SeverityLevel'
  | 'Description'
  | 'Query'
>;

function alertColumns({ data }: AlertMessage): OwnColumns {
  return {
    Why: data.why,
    DetectorId: data.detector,
    DetectorName: data.name,
    Tactics: data.tactic === null ? null : tacticOf(data.tactic),
    Techniques: data.attack.length === 0 ? null : data.attack.join(', '),
    CompromisedEntity: data.server,
    Entity: data.entity,
    UserName: data.user,
    ClientAddress: data.client,
    DatabaseName: data.database,
    Application: data.application,
    StartTime: data.first_seen,
    EndTime: data.last_seen,
    EventCount: data.count,
    Observed: data.observed,
    Baseline: data.baseline,
    Threshold: data.threshold,
    Status: data.status,
    Statements: data.statements,
    Evidence: data.evidence,
    RemediationSteps: data.runbook,
    ExtendedLinks: linksOf(data.links),
    Change: data.change?.what ?? null,
    ChangedBy: data.change?.by ?? null,
    ChangeReason: reasonOf(data.change),
  };
}

function digestColumns({ data }: DigestMessage): OwnColumns {
  const [server, ...otherServers] = data.by_server;
  return {
    Why: null,
    DetectorId: null,
    DetectorName: null,
    Tactics: null,
    Techniques: null,
    CompromisedEntity: server !== undefined && otherServers.length === 0 ? server.server : null,
    Entity: null,
    UserName: null,
    ClientAddress: null,
    DatabaseName: null,
    Application: null,
    StartTime: data.from,
    EndTime: data.to,
    EventCount: data.messages,
    Observed: null,
    Baseline: null,
    Threshold: null,
    Status: null,
    Statements: [],
    Evidence: data.top,
    RemediationSteps: [],
    ExtendedLinks: [],
    Change: null,
    ChangedBy: null,
    ChangeReason: null,
  };
}

/** `credential-access` → `CredentialAccess`, as Sentinel spells tactics. */
function tacticOf(tactic: string): string {
  return tactic.replace(/(?:^|-)([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

function linksOf(links: AlertData['links']): SentinelRow['ExtendedLinks'] {
  if (links === null) return [];
  return [
    { Label: 'Acknowledge', Href: links.acknowledge },
    { Label: 'Close', Href: links.close },
  ];
}

function reasonOf(change: AlertData['change']): string | null {
  const parts = [change?.reason, change?.note].filter((part) => part !== null && part !== undefined);
  return parts.length === 0 ? null : parts.join(': ');
}
