/** The ways in which receivers fail, and how often. */

/** What becomes of one request. */
export interface Fault {
  name: string;
  /** Of a thousand requests. */
  share: number;
  /** Whether the receiver keeps the message: it may, and then not say so. */
  takes: boolean;
  /** What the sender hears of it; `unread`: the connection ends while the body is on its way. */
  ending: 'answer' | 'slow' | 'silent' | 'dropped' | 'unread';
  /** Of an answer. */
  status: number;
  retryAfter?: string;
}

export const FAULTS: readonly Fault[] = [
  { name: 'dropped before it was read', share: 30, takes: false, ending: 'unread', status: 0 },
  { name: 'dropped after it was read', share: 30, takes: false, ending: 'dropped', status: 0 },
  { name: 'dropped after it was taken', share: 30, takes: true, ending: 'dropped', status: 0 },
  { name: 'no answer', share: 8, takes: false, ending: 'silent', status: 0 },
  { name: 'no answer, though taken', share: 8, takes: true, ending: 'silent', status: 0 },
  { name: 'slow body of a 200', share: 20, takes: true, ending: 'slow', status: 200 },
  { name: 'slow body of a 500', share: 10, takes: false, ending: 'slow', status: 500 },
  { name: '500', share: 40, takes: false, ending: 'answer', status: 500 },
  { name: '503', share: 10, takes: false, ending: 'answer', status: 503 },
  { name: '503, at once', share: 10, takes: false, ending: 'answer', status: 503, retryAfter: '0' },
  { name: '503, in a second', share: 1, takes: false, ending: 'answer', status: 503, retryAfter: '1' },
  { name: '429', share: 10, takes: false, ending: 'answer', status: 429 },
];

/** No fault. */
const TAKEN: readonly Fault[] = [200, 202, 204].map((status) => ({
  name: 'none',
  share: 0,
  takes: true,
  ending: 'answer',
  status,
}));

export function drawFault(random: () => number): Fault {
  let place = random() * 1000;
  for (const fault of FAULTS) {
    place -= fault.share;
    if (place < 0) return fault;
  }
  return TAKEN[Math.floor(random() * TAKEN.length)] as Fault;
}
