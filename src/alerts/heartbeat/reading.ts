/** What the store knows of hub, channels and silences. */
import { listValue } from '@duckdb/node-api';
import { storeSql } from '../../store/sql.ts';
import type { Row, Transaction } from '../../store/store.ts';
import { type AlertRow, alertFromRow } from '../alert-store.ts';
import { SILENCE } from '../engine-findings.ts';
import type { ChannelFacts } from './facts.ts';
import type { KnownSilence } from './silences.ts';

const ALERTS = storeSql('heartbeat-alerts');
const CHANNELS = storeSql('heartbeat-channels');
const POSITIONS = storeSql('heartbeat-positions');

type Reads = Pick<Transaction, 'rows'>;

/** How far a partition is stored. */
export interface Front {
  source: string;
  partition: string;
  sequenceNumber: number;
  lastMessage: number;
}

/** @param source name of the hub, without the time of its creation */
export async function readFronts(reads: Reads, source: string): Promise<Front[]> {
  const rows = await reads.rows<{
    source: string;
    partition: string;
    sequence_number: bigint;
    updated_at: Date;
  }>(POSITIONS, { source });
  return rows.map((row) => ({
    source: row.source,
    partition: row.partition,
    sequenceNumber: Number(row.sequence_number),
    lastMessage: row.updated_at.getTime(),
  }));
}

interface ChannelRow extends Row {
  channel: string;
  waiting: bigint;
  waiting_since: Date | null;
  last_delivered: Date | null;
  disabled_at: Date | null;
  reason: string | null;
}

/** @param channels names of those that are configured */
export async function readChannels(reads: Reads, channels: readonly string[]): Promise<ChannelFacts[]> {
  if (channels.length === 0) return [];
  const rows = await reads.rows<ChannelRow>(CHANNELS, { channels: listValue([...channels]) });
  return rows.map((row) => ({
    channel: row.channel,
    waiting: Number(row.waiting),
    waitingSince: row.waiting_since?.getTime() ?? null,
    lastDelivered: row.last_delivered?.getTime() ?? null,
    disabled: row.disabled_at && { at: row.disabled_at.getTime(), reason: row.reason ?? '' },
  }));
}

export async function readSilences(reads: Reads): Promise<KnownSilence[]> {
  const rows = await reads.rows<AlertRow & { closed_via: string | null }>(ALERTS, { detector: SILENCE.id });
  return rows.map((row) => ({
    alert: alertFromRow(row),
    closedBy: row.closed_via === null ? null : row.closed_via === 'worker' ? 'worker' : 'person',
  }));
}
