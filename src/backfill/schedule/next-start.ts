import { meet } from '../hours/interval.js';
import { NEAR } from '../pacing/pace.js';
import type { Customer } from '../state/customer.js';
import { findsWriters } from '../state/in-flight.js';
import { claimOf } from '../state/initial-state.js';
import type { State } from '../state/state.js';
import { tallyOf, workLeft } from '../state/tally.js';
import { heldFor, isSpare, slotTimeLeft, strengthOf } from './chain.js';
import type { Decision } from './decision.js';
import { nextTrialOf, writersOf } from './limit.js';
import { longestHours, nextBeside, nextWindow, type WindowToStart } from './next-window.js';

/**
 * Whose window is next. Customers take slots in the order of their claims, one after the other, so that few are half
 * done. But a customer is a chain of as many windows at once as it may have: once its own chain is longer than all work left
 * shared evenly by all slots, it decides when the run ends, and goes first, the longest such chain before the others. (This is
 * McNaughton's wrap-around rule for preemptive machines with a window as the quantum: the run is never longer than the larger of
 * the average load and the longest chain, by more than a window.) With one slot no chain is longer than all work, so
 * a sequential run goes customer by customer.
 *
 * Where a customer's writers wait for each other, one that its chain does not need takes a slot that nothing else wants: it would use up a
 * slot, and do little with it.
 *
 * One more writer than a customer has, on trial, takes a slot that nothing else wants, where the customer's chain may yet decide when the run
 * ends; or goes first as well, where it decides.
 *
 * While a customer whose number of writers is known decides when the run ends, others do not slow it for nothing (see `heldFor`).
 *
 * The canary turns the order round until enough windows have succeeded: the smallest customers try the water. So does an open
 * breaker: the run waits for the window that it lets through, and nothing of a long one would say more.
 *
 * The search ends early: claims descend, and no chain is longer than its customer's claim.
 */
export function nextStart(state: State, now: number, slots: number): Decision {
  let first: Candidate | undefined;
  let longest: Candidate | undefined;
  let trial: Candidate | undefined;
  let spare: Candidate | undefined;
  let until: number | undefined;
  const { open } = tallyOf(state);
  const even = slotTimeLeft(state) / slots;
  const canary = state.record.counts.completed < state.options.canary || state.guard.breaker !== undefined;
  for (let i = 0; i < open.length; i++) {
    const index = open[canary ? open.length - 1 - i : i]!;
    const customer = state.customers[index]!;
    if (longest && (canary || claimOf(customer) <= longest.chain)) break;
    const { running } = customer.windows;
    const left = workLeft(customer);
    // No chain is longer than its work.
    if (customer.paused || customer.hours.undiscovered || (first && left <= longest!.chain)) continue;
    const writers = writersOf(state, customer);
    const onTrial = running.length >= writers;
    if (onTrial && !findsWriters(state, customer)) continue;
    const chain = left / strengthOf(state, customer, writers);
    if (first && chain <= longest!.chain) continue;
    if (onTrial) {
      const next = nextTrialOf(state, customer, slots);
      const worth = isAsked(state, writers, { chain, even, slots }) && (!trial || chain > trial.chain);
      if (!next || running.length >= next.count || !worth || canary) continue;
      if (next.at > now) {
        until = Math.min(until ?? next.at, next.at);
        continue;
      }
    }
    const window = findsWriters(state, customer)
      ? nextBeside(customer, now, mostHours(state, customer, { now, chain, even, slots }))
      : nextWindow(customer, now);
    if (window === undefined) continue;
    if (typeof window === 'number') {
      until = Math.min(until ?? window, window);
      continue;
    }
    // An adopted window may run over more hours than it answers for; these wait for its end as well.
    if (running.some(({ hours }) => meet(hours, window.hours))) continue;
    const candidate = { index, chain, window };
    if (onTrial) trial = candidate;
    else if (isSpare(state, customer, writers, even)) spare ??= candidate;
    else {
      first ??= candidate;
      if (!longest || chain > longest.chain) longest = candidate;
    }
  }
  const decides = ({ chain }: Candidate) => !canary && chain > even;
  if (trial && (!longest || (decides(trial) && trial.chain > longest.chain))) return started(trial);
  const next = first && longest ? (decides(longest) ? longest : first) : spare;
  if (next && !heldFor(state, next)) return started(next);
  return until === undefined ? { kind: 'wait' } : { kind: 'wait', until };
}

interface Candidate {
  index: number;
  /** How long the customer's chain is: the work that one of its windows would do until all its writers are done. */
  chain: number;
  window: WindowToStart;
}

const started = ({ index, window }: Candidate): Decision => ({ kind: 'startWindow', customer: index, ...window });

/** Whether the database has room for a writer more than what it has. */
const hasRoom = ({ pacing: { health } }: State): boolean => health.level !== 'high' && (health.utilization ?? 0) < NEAR;

/** How many hours the next window of a customer may have whose writers are found out; undefined where its size alone decides. */
function mostHours(
  state: State,
  customer: Customer,
  chain: { now: number; chain: number; even: number; slots: number },
): number | undefined {
  return longestHours(state, customer, { ...chain, asked: isAsked(state, writersOf(state, customer), chain) });
}

/** Whether one more writer of a customer with such a chain is of use: it may decide when the run ends, with as many slots as may come. */
function isAsked(
  state: State,
  writers: number,
  { chain, even, slots }: { chain: number; even: number; slots: number },
) {
  const slotsToCome = Math.min(state.parallelism.max, slots * growthToCome(state));
  return isSeeking(state) || (writers < slotsToCome && chain > (even * slots) / slotsToCome);
}

/** Without a probe, trials are how the run finds out what the database bears. */
const isSeeking = ({ pacing: { health, pace }, parallelism }: State): boolean =>
  health.level === 'off' && parallelism.adaptive && (pace.slowStart || pace.climb?.trial !== undefined);

/** How many times as large the limit may become before long. */
function growthToCome(state: State): number {
  const { level, utilization = 0 } = state.pacing.health;
  const share = Math.max(utilization, 1 / 16);
  // Out of sight it does not grow; but before the first look all is open.
  if (level === 'unknown') return state.pacing.pace.movedAt === undefined ? 1 / share : 1;
  if (level === 'off') return 2;
  return hasRoom(state) ? 1 / share : 1;
}
