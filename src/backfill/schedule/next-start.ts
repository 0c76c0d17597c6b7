import { meet } from '../hours/interval.js';
import { NEAR } from '../pacing/pace.js';
import type { Customer } from '../state/customer.js';
import { findsWriters } from '../state/in-flight.js';
import { claimOf } from '../state/initial-state.js';
import type { State } from '../state/state.js';
import { tallyOf, workLeft } from '../state/tally.js';
import type { Decision } from './decision.js';
import { nextTrialOf, writersOf } from './limit.js';
import { longestHours, nextWindow, type WindowToStart } from './next-window.js';

/**
 * Whose window is next. Customers take slots in the order of their claims, one after the other, so that few are half
 * done. But a customer is a chain of as many windows at once as it may have: once its own chain is longer than all work left
 * shared evenly by all slots, it decides when the run ends, and goes first, the longest such chain before the others. (This is
 * McNaughton's wrap-around rule for preemptive machines with a window as the quantum: the run is never longer than the larger of
 * the average load and the longest chain, by more than a window.) With one slot no chain is longer than all work, so
 * a sequential run goes customer by customer.
 *
 * One more writer than a customer has, on trial, takes a slot that nothing else wants; or goes first as well, where the customer's
 * chain decides when the run ends.
 *
 * The canary turns the order round until enough windows have succeeded: the smallest customers try the water.
 *
 * The search ends early: claims descend, and no chain is longer than its customer's claim.
 */
export function nextStart(state: State, now: number, slots: number): Decision {
  let first: Candidate | undefined;
  let longest: Candidate | undefined;
  let trial: Candidate | undefined;
  let until: number | undefined;
  const { open, left } = tallyOf(state);
  const canary = state.record.counts.completed < state.options.canary;
  const room = hasRoom(state);
  for (let i = 0; i < open.length; i++) {
    const index = open[canary ? open.length - 1 - i : i]!;
    const customer = state.customers[index]!;
    if (longest && (canary || claimOf(customer) <= longest.chain)) break;
    const chain = workLeft(customer) / writersOf(state, customer);
    const { running } = customer.windows;
    if (customer.paused || customer.hours.undiscovered || (first && chain <= longest!.chain)) continue;
    const onTrial = running.length >= writersOf(state, customer);
    if (onTrial) {
      const next = findsWriters(state, customer) ? nextTrialOf(state, customer, slots) : undefined;
      const worth = (room || chain > left / slots) && (!trial || chain > trial.chain);
      if (!next || running.length >= next.count || !worth || canary) continue;
      if (next.at > now) {
        until = Math.min(until ?? next.at, next.at);
        continue;
      }
    }
    const window = nextWindow(customer, now, mostHours(state, customer, now, chain, slots));
    if (window === undefined) continue;
    if (typeof window === 'number') {
      until = Math.min(until ?? window, window);
      continue;
    }
    // An adopted window may run over more hours than it answers for; these wait for its end as well.
    if (running.some(({ hours }) => meet(hours, window.hours))) continue;
    const candidate = { index, chain, window };
    if (onTrial) trial = candidate;
    else {
      first ??= candidate;
      if (!longest || chain > longest.chain) longest = candidate;
    }
  }
  const decides = ({ chain }: Candidate) => !canary && chain > left / slots;
  if (trial && (!longest || (decides(trial) && trial.chain > longest.chain))) return started(trial);
  if (first && longest) return started(decides(longest) ? longest : first);
  return until === undefined ? { kind: 'wait' } : { kind: 'wait', until };
}

interface Candidate {
  index: number;
  chain: number;
  window: WindowToStart;
}

const started = ({ index, window }: Candidate): Decision => ({ kind: 'startWindow', customer: index, ...window });

/** Whether the database has room for a writer more than what it has. */
const hasRoom = ({ pacing: { health } }: State): boolean => health.level !== 'high' && (health.utilization ?? 0) < NEAR;

/** How many hours the customer's next window may have; undefined where its size alone decides. */
function mostHours(state: State, customer: Customer, now: number, chain: number, slots: number): number | undefined {
  if (!findsWriters(state, customer)) return undefined;
  const even = tallyOf(state).left / slots;
  return longestHours(state, customer, { now, chain, even, asked: isAsked(state, chain, slots) });
}

/** Whether another writer is of use to a customer with such a chain, or will be once the limit has found its place. */
function isAsked(state: State, chain: number, slots: number): boolean {
  const { pacing, parallelism } = state;
  const { level, utilization = 0 } = pacing.health;
  // Without a probe, trials are how the run finds out what the database bears.
  if (level === 'off' && parallelism.adaptive && (pacing.pace.slowStart || pacing.pace.climb?.trial)) return true;
  const times = level === 'off' ? 2 : 1 / Math.max(utilization, 1 / 16);
  const slotsToCome = hasRoom(state) ? Math.min(parallelism.max, slots * times) : slots;
  return chain > tallyOf(state).left / slotsToCome;
}
