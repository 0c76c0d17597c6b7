import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { formatDay, formatTime, HOURS_PER_DAY } from '../hours/calendar.js';
import type { Customer } from '../state/customer.js';
import { workflowIdOf } from '../state/in-flight.js';
import { byDay, dayOf, MAX_PROOF_ROWS, windowOf } from '../state/ledger.js';
import type { State } from '../state/state.js';
import { dayLetters } from './day-letters.js';

/**
 * That every done day is done: which window covered it, when, and what was counted in it afterwards. A day that several
 * windows covered has a row for each.
 */
export interface Proof {
  columns: typeof PROOF_COLUMNS;
  rows: ProofRow[];
  totals: ProofTotals;
  /** Done days without rows, because there are too many; `totals.days` and these are all done days. */
  omitted: number;
  /** SHA-256 over the rows, each as compact JSON with a line feed after it, in hexadecimal. */
  digest: string;
}

export const PROOF_COLUMNS = [
  ...(['customer', 'day', 'conversations', 'scorecards'] as const),
  ...(['window', 'completedAt', 'attempts', 'verified'] as const),
] as const;

/** Conversations and scorecards are null where nothing was counted; window and time, where it completed before this run. */
export type ProofRow = [
  ...[customer: string, day: string, conversations: number | null, scorecards: number | null],
  ...[window: string | null, completedAt: string | null, attempts: number, verified: boolean],
];

export interface ProofTotals {
  rows: number;
  /** Days that are done, all of each in these rows. */
  days: number;
  /** Of those, the days that were counted whole. */
  verifiedDays: number;
  /** Sums over the rows that were counted. */
  conversations: number;
  scorecards: number;
}

/** The proof of these customers, in at most so many bytes of rows. */
export function proofOf(state: State, customers: readonly Customer[], mostBytes: number): Proof {
  const rows: ProofRow[] = [];
  const lines: string[] = [];
  const totals: ProofTotals = { rows: 0, days: 0, verifiedDays: 0, conversations: 0, scorecards: 0 };
  let done = 0;
  let bytes = 0;
  for (const customer of customers) {
    const letters = dayLetters(customer);
    const days = new Map<number, { hours: number; verified: boolean }>();
    for (const { row, day, hours } of rowsOf(state, customer)) {
      const line = `${JSON.stringify(row)}\n`;
      bytes += line.length;
      if (bytes > mostBytes || rows.length === MAX_PROOF_ROWS) break;
      rows.push(row);
      lines.push(line);
      const [, , conversations, scorecards, , , , verified] = row;
      totals.conversations += conversations ?? 0;
      totals.scorecards += scorecards ?? 0;
      const before = days.get(day) ?? { hours: 0, verified: true };
      days.set(day, { hours: before.hours + hours, verified: before.verified && verified });
    }
    const first = dayOf(customer.start);
    for (const [i, letter] of [...letters].entries()) {
      if (letter !== 'd') continue;
      done++;
      const day = days.get(first + i);
      if (day?.hours !== HOURS_PER_DAY) continue;
      totals.days++;
      if (day.verified) totals.verifiedDays++;
    }
  }
  totals.rows = rows.length;
  const digest = bytesToHex(sha256(utf8ToBytes(lines.join(''))));
  return { columns: PROOF_COLUMNS, rows, totals, omitted: done - totals.days, digest };
}

function* rowsOf(state: State, customer: Customer): Generator<{ row: ProofRow; day: number; hours: number }> {
  const entries = [...customer.record.ledger].sort((a, b) => a.hours[0] - b.hours[0]);
  for (const entry of entries) {
    const own = windowOf(entry);
    const window = own === null ? null : workflowIdOf(state, customer, own);
    const completedAt = entry.completedAt === null ? null : formatTime(entry.completedAt);
    for (const [i, [from, to]] of [...byDay([entry.hours])].entries()) {
      const [conversations, missing] = entry.counts?.[i] ?? [null, 0];
      const scorecards = conversations === null ? null : conversations - missing;
      const verified = conversations !== null && missing === 0;
      const row: ProofRow = [
        ...([customer.id, formatDay(from), conversations, scorecards] as const),
        ...([window, completedAt, entry.attempts, verified] as const),
      ];
      yield { row, day: dayOf(from), hours: to - from };
    }
  }
}
