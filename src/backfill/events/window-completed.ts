import { defined } from '../defined.js';
import { difference, hoursIn, union } from '../hours/interval.js';
import { formatWindowSize } from '../hours/window.js';
import { isDownDue, afterSuccess as paceAfterSuccess } from '../pacing/pace.js';
import { type Sizing, STREAK_TO_GROW, afterSuccess as sizingAfterSuccess } from '../pacing/sizing.js';
import type { PerCustomer } from '../request/options.js';
import { estimate, shareDone } from '../schedule/eta.js';
import type { Check, Customer, CustomerPacing } from '../state/customer.js';
import { moveHours } from '../state/hour-transitions.js';
import { countInFlight, perCustomerOf } from '../state/in-flight.js';
import { counted, decided, forecasted } from '../state/journal.js';
import { covered } from '../state/ledger.js';
import type { State } from '../state/state.js';
import { paced, updateCustomer, withWindows } from '../state/update.js';
import { closed, isTrial } from './breaker.js';
import { entriesOf, roomIn } from './coverage.js';
import type { EventOf } from './event.js';
import { type Landing, landed, withEnded } from './landing.js';
import { writersOverloaded, writersSucceeded } from './writers.js';

/** In so long (ms) the best is forgotten by so much: one lucky window does not set the standard indefinitely. */
const FORGETTING = { share: 0.02, in: 10 * 60_000 };
/** Slower than this says nothing more. */
const MOST_SLOWNESS = 4;

/** The window's hours are done, or wait for their check, but for those that an operator wants again; its customer and the pace learn from it. */
export function windowCompleted(state: State, event: EventOf<'windowCompleted'>): State {
  const landing = landed(state, event);
  if (!landing) return state;
  const { at } = event;
  const { window } = landing;
  const ms = at - window.startedAt;
  const speed = speedOf(landing, event, ms);
  const customer = learnt(settledHours(state, landing, at), state, landing, event, ms, speed.best);
  const { sizing } = customer.pacing;
  const success = {
    startedAt: window.startedAt,
    at,
    work: speed.work,
    ratio: speed.ratio,
    full: countInFlight(state) >= state.pacing.pace.limit,
    load: state.pacing.health,
  };
  let next = updateCustomer(state, event.customer, () => customer);
  if (sizing.size !== landing.customer.pacing.sizing.size) {
    const size = formatWindowSize(sizing.size);
    next = decided(next, at, { kind: 'sizeGrown', customer: customer.id, size, why: sizing.why });
  }
  next = writersSucceeded(next, event.customer, landing.customer, window, { at, work: speed.work });
  if (isDownDue(next.pacing.pace, at, success.load)) next = writersOverloaded(next, at);
  next = paced(next, at, (pace) => paceAfterSuccess(pace, state.parallelism, success));
  next = counted(withEnded(next, event, window, { outcome: 'completed' }), { completed: 1 });
  if (isTrial(state, event)) next = closed(next, at, 'windowCompleted');
  return withForecast(next, at);
}

/** What becomes of the hours that the window answered for. */
function settledHours(state: State, { customer: before, window, claims, rerun, skip }: Landing, at: number): Customer {
  const { attempt, startedAt } = window;
  const customer = moveHours(before, rerun, 'windowCompleted', 'running → waiting');
  const hours = difference(claims, rerun);
  if (hours.length === 0) return customer;
  const check: Check = { window: window.hours, hours, attempt, startedAt, endedAt: at };
  if (!state.options.verify) {
    const done = moveHours(customer, hours, 'windowCompleted', 'running → done');
    const ledger = covered(done.record.ledger, entriesOf(done, check, hours), roomIn(state));
    return { ...done, record: { ...done.record, ledger } };
  }
  const checking = moveHours(customer, hours, 'windowCompleted', 'running → checking');
  const skipUnlessCompleted = union(checking.hours.skipUnlessCompleted, skip);
  return withWindows(
    { ...checking, hours: { ...checking.hours, skipUnlessCompleted } },
    { checking: [...checking.windows.checking, check] },
  );
}

/**
 * How fast the window was for its work: the customer's best by now, and how much slower than that it was. A window among several of
 * its customer is compared with the best among as many: that they slow each other down says nothing of the database. An adopted
 * window was running before the run saw it: it would seem the faster, the later it was found.
 */
function speedOf({ customer, window }: Landing, event: EventOf<'windowCompleted'>, ms: number) {
  const work = event.conversations ?? hoursIn([window.hours]) * customer.pacing.density;
  const perUnit = ms / Math.max(work, 1);
  const { best: before, foundWriters } = customer.pacing;
  if (window.adopted) return { work, best: before };
  const forgotten = 1 + FORGETTING.share * Math.min(1, ms / FORGETTING.in);
  const best = Math.min((before ?? Number.POSITIVE_INFINITY) * forgotten, perUnit);
  const alone = customer.windows.running.length === 0;
  const alike = foundWriters && window.startedAt >= foundWriters.movedAt ? foundWriters.best : undefined;
  const standard = alone ? before : alike;
  const ratio = standard === undefined ? undefined : ratioTo(Math.min(standard, perUnit), perUnit);
  return { work, best, ratio };
}

const ratioTo = (best: number, perUnit: number): number => (best > 0 ? Math.min(perUnit / best, MOST_SLOWNESS) : 1);

function learnt(
  customer: Customer,
  state: State,
  { window }: Landing,
  { conversations }: EventOf<'windowCompleted'>,
  ms: number,
  best: number | undefined,
): Customer {
  const measured = { hours: hoursIn([window.hours]), ms, ...(conversations !== undefined && { conversations }) };
  const policy = customer.window ?? state.options.window;
  const sizing = window.adopted ? customer.pacing.sizing : sizingAfterSuccess(policy, customer.pacing.sizing, measured);
  const { best: _, foundWriters, ...pacing } = withWriters(customer.pacing, sizing, perCustomerOf(state, customer));
  const open = customer.hours.waiting.length + customer.windows.running.length > 0;
  return {
    ...customer,
    // When nothing is left of it a customer needs no standard; ten thousand of them would be carried along.
    pacing: { ...pacing, sizing, ...(open && defined({ best, foundWriters })) },
    record: { ...customer.record, completed: customer.record.completed + 1, busy: customer.record.busy + ms },
  };
}

/** A customer that had fewer writers after contention gets one back after a streak of windows that went well. */
function withWriters(pacing: CustomerPacing, { streak }: Sizing, most: PerCustomer): CustomerPacing {
  if (pacing.writers === undefined || most === 'auto' || (streak > 0 && streak % STREAK_TO_GROW !== 0)) return pacing;
  const { writers, ...rest } = pacing;
  return writers + 1 >= most ? rest : { ...rest, writers: writers + 1 };
}

const FORECAST_AT = [0.25, 0.5, 0.75];

/** Keeps what the ETA was at a quarter, half and three quarters of the work, for the report to compare. */
function withForecast(state: State, at: number): State {
  const due = FORECAST_AT[state.record.forecasts.length];
  const share = shareDone(state);
  if (due === undefined || share < due) return state;
  const { eta } = estimate(state, at);
  return eta === undefined ? state : forecasted(state, { share: Math.round(share * 100) / 100, at, eta });
}
