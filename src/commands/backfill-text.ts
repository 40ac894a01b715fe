/** What `pgvigil backfill` says at its end. Pure. */
import type { Totals } from '../backfill/backfill.ts';
import type { Outcome, ServerOutcome } from '../backfill/outcome.ts';
import { printable } from '../printable.ts';

const number = (value: number) => value.toLocaleString('en');
const minute = (time: number) => new Date(time).toISOString().slice(0, 16).replace('T', ' ');

/** Records, rejects and copies, in words. */
export function countText({ records, rejects, copies }: Omit<Totals, 'alerts'>, reasons = ''): string {
  const parts = [`${number(records)} records stored`, `${number(rejects)} rejects${reasons}`];
  if (copies > 0) parts.push(`${number(copies)} copies left out`);
  return parts.join(', ');
}

/** A line of what happened, then a line for each server, and what to do next. */
export function outcomeText(totals: Totals, { servers, rejects }: Outcome, dataDir: string): string {
  const reasons = rejects.map(({ code, rejects }) => `${number(rejects)} ${code}`).join(', ');
  const counts = countText(totals, reasons === '' ? '' : ` (${reasons})`);
  const lines = [
    `${counts}, ${number(totals.alerts)} new alerts in ${dataDir}\n`,
    ...servers.map(serverText),
  ];
  if (totals.rejects > 0)
    lines.push('See why: pgvigil query "SELECT code, reason, count(*) FROM rejects GROUP BY ALL"\n');
  if (totals.records + totals.rejects + totals.copies === 0)
    lines.push('Everything there was stored before.\n');
  return lines.join('');
}

function serverText({ server, records, first, last, silences, longest, readiness }: ServerOutcome): string {
  const states = readiness.map(({ state, detectors }) => `${detectors} ${state}`).join(', ');
  const parts = [
    `${number(records)} records from ${minute(first)} to ${minute(last)} UTC`,
    ...(states === '' ? [] : [`detectors: ${states}`]),
  ];
  const line = `  ${printable(server)}: ${parts.join('; ')}\n`;
  if (longest === null) return line;
  const times =
    silences === 1 ? 'nothing' : `${number(silences)} times an hour or more without a line, the longest`;
  return `${line}    ${times} from ${minute(longest.from)} to ${minute(longest.to)}\n`;
}
