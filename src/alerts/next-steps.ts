/**
 * Command lines for the person who reads an alert. They are pasted into a shell, and attackers write user names and entities:
 * what some shell could take for more than a word is left out of them. Pure.
 */
import type { Alert } from '../model/alert.ts';
import { engineFinding } from './engine-findings.ts';

/** How long the suggested silence lasts. */
const SILENCE = '7d';

/** Longer ones are cut from the suggestion: half an entity allows something else. */
const MAX_WORD = 200;

/** All evidence of an alert. */
export function evidenceQuery(alertId: string): string {
  return `pgvigil query "SELECT event_time, session_id, user_name, client, summary, normalized FROM evidence WHERE alert_id = '${plainId(alertId)}' ORDER BY event_time"`;
}

/** All that is known of an alert. */
export function showCommand(alertId: string): string {
  return `pgvigil alerts show ${plainId(alertId)}`;
}

export function acknowledgeCommand(alertId: string): string {
  return `pgvigil alerts acknowledge ${plainId(alertId)}`;
}

export function closeCommand(alertId: string): string {
  return `pgvigil alerts close ${plainId(alertId)} --reason resolved`;
}

/** What `silenceCommand` is for. */
export function silenceHeading(alert: Pick<Alert, 'detector' | 'entity'>): string {
  return engineFinding(alert) === undefined ? 'Silence it for a week' : 'Hear no more of this one';
}

/**
 * Keeps the same finding about the same entity quiet for a week. The allow-list does not know findings of the engine: one of
 * those is acknowledged, and a key of the configuration makes them fewer.
 */
export function silenceCommand({ alertId, detector, server, entity }: SilencedAlert): string {
  const finding = engineFinding({ detector, entity });
  if (finding !== undefined)
    return `${acknowledgeCommand(alertId)} # for all of them: ${finding.setting} in pgvigil.yaml`;
  const words = [detector, server, entity];
  if (words.some((word) => word.length > MAX_WORD || !HARMLESS.test(word))) {
    const id = plainId(alertId);
    return `pgvigil allow add --detector ${plainId(detector)} --expires ${SILENCE} --reason "…" # and whose: pgvigil alerts show ${id}`;
  }
  const [one, two, three] = words.map((word) => (PLAIN.test(word) ? word : `'${word}'`));
  return `pgvigil allow add --detector ${one} --server ${two} --entity ${three} --expires ${SILENCE} --reason "…"`;
}
type SilencedAlert = Pick<Alert, 'alertId' | 'detector' | 'server' | 'entity'>;

/**
 * Between single quotes sh, bash, zsh and PowerShell take these for what they are, and cmd.exe, which knows no single quotes,
 * does nothing by them. No `*`: to the allow-list it stands for any characters, and an attacker may have it in a name.
 */
const HARMLESS = /^[\p{L}\p{N} _@+=:,./()[\]#$-]+$/u;
const PLAIN = /^[A-Za-z0-9_+=:./][A-Za-z0-9_@+=:./-]*$/;

/** Ids are made by us, but a test or an older store may hold others. */
function plainId(text: string): string {
  return text.slice(0, 80).replace(/[^\w.:-]/g, '');
}
