/** What was found out about one need. */
export interface Verdict {
  /**
   * - met: seen, or known from the server's own words
   * - partly: there, with holes
   * - missing: known not to be there
   * - unproven: nothing of the kind happened, so nobody knows
   */
  state: 'met' | 'partly' | 'missing' | 'unproven';
  /** Without a full stop; empty for what is simply met. */
  reason: string;
  /** A command, a line of the configuration or a statement; null where there is nothing to do. */
  action: string | null;
}

export const MET: Verdict = { state: 'met', reason: '', action: null };

export function missing(reason: string, action: string | null): Verdict {
  return { state: 'missing', reason, action };
}

export function partly(reason: string, action: string | null): Verdict {
  return { state: 'partly', reason, action };
}

export function unproven(reason: string, action: string | null): Verdict {
  return { state: 'unproven', reason, action };
}
