import type { Execution } from './executions.js';

/** How long a freed slot stayed empty: from the close of a window to the start of the next one, in µs. */
export interface Gap {
  from: number;
  to: number;
}

/**
 * The slots of a run that keeps `slots` windows in flight, from Temporal's own start and close times: the first windows
 * take the slots, and then each close frees a slot that the next start takes. So the gap of the i-th close ends with
 * the start of window i + slots, both in order of time. Closes after the last start free slots that nobody needs.
 */
export function gapsOf(executions: readonly Execution[], slots: number): Gap[] {
  const starts = executions.map(({ startedAt }) => startedAt).sort((a, b) => a - b);
  const closes = executions.map(({ closedAt }) => closedAt).sort((a, b) => a - b);
  return starts.slice(slots).map((to, i) => ({ from: closes[i]!, to }));
}

/**
 * From when all slots were first taken until the last start: the fewest windows in flight at any moment, and the share of
 * the time (0 to 1) with fewer than `wanted` of them.
 */
export function inFlightBy(gaps: readonly Gap[], slots: number, wanted: number): { fewest: number; short: number } {
  const changes = gaps.flatMap(({ from, to }) => [
    { at: from, by: -1 },
    { at: to, by: 1 },
  ]);
  // At the same microsecond the slot that is taken counts first: it was never empty together with the other.
  changes.sort((a, b) => a.at - b.at || b.by - a.by);
  let [inFlight, fewest, short, before] = [slots, slots, 0, changes[0]?.at ?? 0];
  const first = before;
  for (const { at, by } of changes) {
    if (inFlight < wanted) short += at - before;
    inFlight += by;
    fewest = Math.min(fewest, inFlight);
    before = at;
  }
  return { fewest, short: before > first ? short / (before - first) : 0 };
}

/** The mean number in flight over the same time, nothing forgiven. */
export function meanInFlight(gaps: readonly Gap[], slots: number): number {
  const last = gaps.at(-1);
  const first = gaps[0];
  if (!first || !last) return slots;
  const empty = gaps.reduce((sum, { from, to }) => sum + to - from, 0);
  return slots - empty / (last.to - first.from);
}

/** The `p`-th percentile of the gaps' lengths in ms, 100 for the longest. */
export function percentile(gaps: readonly Gap[], p: number): number {
  const lengths = gaps.map(({ from, to }) => (to - from) / 1_000).sort((a, b) => a - b);
  return lengths[Math.min(lengths.length - 1, Math.floor((lengths.length * p) / 100))] ?? 0;
}
