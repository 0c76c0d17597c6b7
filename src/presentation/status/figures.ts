import { isFinished } from '../../backfill/views/day-letters.js';
import type { Progress } from '../../backfill/views/progress.js';
import { isClosed } from '../../backfill/views/status.js';

/** One run that is followed: its name, and its latest progress once it has answered. */
export interface RunView {
  readonly name: string;
  readonly progress?: Progress;
}

/** The totals of a run, or of several together. */
export interface Figures {
  customers: number;
  /** Customers whose days are all done or skipped. */
  customersDone: number;
  days: number;
  /** Done or skipped. */
  daysDone: number;
  daysRunning: number;
  daysVerifying: number;
  /** Failed or held: they need attention. */
  daysStuck: number;
  inFlight: number;
  /** Ms until the end at the current pace; undefined while unknown. */
  left: number | undefined;
}

export function figuresOf(
  { totals, customers, customersLeftOut: out, parallelism, eta }: Progress,
  now: number,
): Figures {
  return {
    customers: customers.length + (out?.count ?? 0),
    customersDone: customers.filter(({ days }) => isFinished(days)).length + (out?.done ?? 0),
    days: totals.days,
    daysDone: totals.done + totals.skipped,
    daysRunning: totals.running,
    daysVerifying: totals.verifying,
    daysStuck: totals.failed + totals.held,
    inFlight: parallelism.inFlight,
    // An estimate in the past says nothing about the time left.
    left: eta === null || Date.parse(eta) <= now ? undefined : Date.parse(eta) - now,
  };
}

/** Runs work side by side, so together they take as long as the slowest; unknown while an open one's time is. */
export function sumOf(runs: readonly RunView[], now: number): Figures {
  const sum: Figures = {
    customers: 0,
    customersDone: 0,
    days: 0,
    daysDone: 0,
    daysRunning: 0,
    daysVerifying: 0,
    daysStuck: 0,
    inFlight: 0,
    left: 0,
  };
  for (const { progress } of runs) {
    if (!progress) {
      sum.left = undefined;
      continue;
    }
    const { left, ...counts } = figuresOf(progress, now);
    for (const name of Object.keys(counts) as (keyof typeof counts)[]) sum[name] += counts[name];
    if (isClosed(progress)) continue;
    sum.left = sum.left === undefined || left === undefined ? undefined : Math.max(sum.left, left);
  }
  return sum;
}
