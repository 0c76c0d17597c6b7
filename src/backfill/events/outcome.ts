import type { ClassifiedFailure } from '../failures/classify.js';
import { describe } from '../hours/calendar.js';
import { formatDuration } from '../hours/duration.js';
import { difference, type Intervals, union, within } from '../hours/interval.js';
import { formatWindowSize, gridEnd } from '../hours/window.js';
import { afterCongestion, afterSuccess as paceAfterSuccess } from '../pacing/pace.js';
import { type Sizing, STREAK_TO_GROW, shrunk, afterSuccess as sizingAfterSuccess } from '../pacing/sizing.js';
import { afterContention, initialWriters, afterSuccess as writersAfterSuccess } from '../pacing/writers.js';
import { estimate, shareDone } from '../schedule/eta.js';
import { writersOf } from '../schedule/limit.js';
import { closed, isTrial, judged, triedInVain } from '../state/breaker.js';
import { count, paced, sameHours, updateCustomer, type WindowKey } from '../state/change.js';
import { decided, remembered } from '../state/journal.js';
import { withProblem } from '../state/problems.js';
import {
  type Customer,
  claimsOf,
  countInFlight,
  type EndedWindow,
  idOf,
  isAuto,
  type Problem,
  perCustomerLimit,
  type State,
  type Window,
} from '../state/state.js';
import { counted } from '../words.js';
import { afterCompletion, roomIn } from './verification.js';

/** So many windows stopped by somebody else within this time (ms) mean that somebody is protecting the database. */
const STOPS_THAT_PAUSE = 3;
const STOPS_WITHIN = 5 * 60_000;

interface Completion extends WindowKey {
  at: number;
  conversations?: number;
}

interface Failure extends WindowKey {
  at: number;
  failure: ClassifiedFailure;
}

/** Takes the window out of flight: its customer without it, and what is to become of the hours it answered for. */
function land(state: State, key: WindowKey) {
  const customer = state.customers[key.customer];
  const window = customer?.running.find(sameHours(key));
  if (!customer || !window) return undefined;
  const claims = claimsOf(window);
  const again = claims.flatMap((hours) => within(customer.again, hours));
  const leave = claims.flatMap((hours) => within(customer.leave, hours));
  const rest: Customer = {
    ...customer,
    running: customer.running.filter((other) => other !== window),
    again: difference(customer.again, claims),
    leave: difference(customer.leave, claims),
  };
  return { customer: rest, window, claims, again, leave };
}

/** The window's hours are done, or wait for their check, but for those that an operator wants again; its customer and the pace learn from it. */
export function windowCompleted(state: State, event: Completion): State {
  const landing = land(state, event);
  if (!landing) return state;
  const { customer, window, claims, again, leave } = landing;
  const ms = event.at - window.startedAt;
  const hours = window.to - window.from;
  const work = event.conversations ?? hours * customer.density;
  // The best is forgotten by a fiftieth in ten minutes, so that one lucky window does not set the standard for ever.
  const forgotten = 1 + 0.02 * Math.min(1, ms / 600_000);
  const best = Math.min((customer.best ?? Number.POSITIVE_INFINITY) * forgotten, ms / Math.max(work, 1));
  const measured = { hours, ms, ...(event.conversations === undefined ? {} : { conversations: event.conversations }) };
  const policy = customer.window ?? state.options.window;
  const sizing = window.adopted ? customer.sizing : sizingAfterSuccess(policy, customer.sizing, measured);
  const waiting = union(customer.waiting, again);
  const { best: _, ...rest } = withWriters(customer, sizing, perCustomerLimit(state, customer));
  const auto =
    isAuto(state, customer) && waiting.length > 0
      ? writersAfterSuccess(customer.auto ?? initialWriters, {
          startedAt: window.startedAt,
          at: event.at,
          work,
          full: customer.running.length + 1 >= writersOf(state, customer),
        })
      : undefined;
  const landed: Customer = {
    ...{ ...rest, ...(auto && { auto }), sizing, waiting, completed: customer.completed + 1, busy: customer.busy + ms },
    // Done with, a customer needs no standard any more; ten thousand of them would be carried along.
    ...(waiting.length + customer.running.length > 0 ? { best } : {}),
  };
  const { from, to, attempt, startedAt } = window;
  const check = { from, to, hours: difference(claims, again), attempt, startedAt, endedAt: event.at };
  let next = updateCustomer(state, event.customer, () =>
    afterCompletion(state.options, landed, check, leave, roomIn(state)),
  );
  if (auto && auto.why !== customer.auto?.why) next = decided(next, event.at, `${customer.id}: writers ${auto.why}`);
  if (sizing.size !== customer.sizing.size) next = decided(next, event.at, `${customer.id}: ${sizing.why}`);
  const alone = customer.running.length === 0;
  const known = alone ? customer.best !== undefined : customer.auto?.best !== undefined && window.startedAt >= customer.auto.movedAt;
  const standard = alone ? best : Math.min(customer.auto?.best ?? best, ms / Math.max(work, 1));
  const ratio = !known ? undefined : best > 0 ? Math.min(ms / Math.max(work, 1) / standard, 4) : 1;
  const full = countInFlight(state) >= state.pace.limit;
  next = paced(next, event.at, (pace) =>
    paceAfterSuccess(pace, state.parallelism, { startedAt: window.startedAt, work, at: event.at, ratio, full, load: state.health }),
  );
  next = count(remember(next, event, window, { outcome: 'completed' }), { completed: 1 });
  if (isTrial(state, event.customer, window)) next = closed(next, event.at);
  return forecast(next, event.at);
}

/** A customer that had fewer writers after contention gets one back after a streak of windows that went well. */
function withWriters(customer: Customer, sizing: Sizing, most: number): Customer {
  if (customer.writers === undefined || (sizing.streak > 0 && sizing.streak % STREAK_TO_GROW !== 0)) return customer;
  const { writers, ...rest } = customer;
  return writers + 1 >= most ? rest : { ...rest, writers: writers + 1 };
}

/**
 * What a failed window's hours do next. The first that fits:
 *
 * 1. It was asked to cancel by this run: they wait again.
 * 2. Somebody else stopped it: they are held, since a person decided.
 * 3. It was somebody else's, of a size that this run does not use: they wait for windows of the customer's own size.
 * 4. It timed out, and windows may be smaller: half the size. A window too large fails the same way however often.
 * 5. It met contention again, as its customer's only writer: half the size.
 * 6. Attempts are left: the same window again after a back-off.
 * 7. They have failed.
 *
 * In 3 and 4 a window that timed out never makes its customer's windows larger than they have become meanwhile.
 */
type Response =
  | { kind: 'wait' }
  | { kind: 'hold' }
  | { kind: 'takeOver'; sizing: Sizing }
  | { kind: 'split'; sizing: Sizing }
  | { kind: 'retry'; wait: number; attempts: number }
  | { kind: 'fail' };

function responseTo(state: State, customer: Customer, window: Window, failure: ClassifiedFailure): Response {
  if (failure.class === 'stopped') return window.cancelRequested ? { kind: 'wait' } : { kind: 'hold' };
  const alone = customer.running.length === 0 && writersOf(state, customer) === 1;
  const tooLarge = failure.class === 'timeout' || (failure.class === 'contention' && window.attempt > 1 && alone);
  const hours = window.to - window.from;
  const policy = customer.window ?? state.options.window;
  const sizing = tooLarge ? shrunk(policy, customer.sizing, hours, failure.evidence) : undefined;
  if (window.found && !isOwnSize(customer, window)) return { kind: 'takeOver', sizing: sizing ?? customer.sizing };
  if (sizing) return { kind: 'split', sizing };
  const { [failure.class]: retry } = state.options.retry;
  if (window.attempt >= retry.attempts) return { kind: 'fail' };
  const wait = backoff(retry, window.attempt, idOf(state, customer, window));
  return { kind: 'retry', wait, attempts: retry.attempts };
}

/** Whether the run would start just this window over its hours. */
const isOwnSize = ({ sizing, start, end }: Customer, { from, to, claims }: Window): boolean =>
  claims === undefined && to === Math.min(end, gridEnd(sizing.size, start, from));

/** Whether the failure says nothing yet of how the run fares: see the breaker. */
function taughtBy(response: Response, window: Window, writersTaken: boolean): boolean {
  if (writersTaken || response.kind === 'split' || response.kind === 'takeOver') return true;
  return response.kind === 'retry' && window.attempt === 1;
}

export function windowFailed(state: State, event: Failure): State {
  const landing = land(state, event);
  if (!landing) return state;
  const { window, claims, again, leave } = landing;
  const { failure, at } = event;
  const hours = difference(difference(claims, leave), again);
  const id = idOf(state, landing.customer, window);
  const response = responseTo(state, landing.customer, window, failure);
  const customer: Customer = {
    ...landing.customer,
    skipped: union(landing.customer.skipped, leave),
    waiting: union(landing.customer.waiting, again),
    unsuccessful: landing.customer.unsuccessful + 1,
    busy: landing.customer.busy + at - window.startedAt,
  };
  const { customer: answered, effect } =
    hours.length > 0
      ? answer(customer, window, hours, event, id, response)
      : { customer, effect: `${id}: ${failure.class}, ${describe(again)} is to run again: ${failure.message}` };
  const fewer = fewerWriters(state, answered, failure, window.startedAt, at);
  let next = updateCustomer(state, event.customer, () => fewer);
  next = decided(next, at, effect);
  const taught = taughtBy(response, window, fewer !== answered);
  const ended = { outcome: failure.class, message: failure.message.slice(0, 200), ...(taught && { taught }) };
  next = count(remember(next, event, window, ended), { failed: 1 });
  if (failure.class === 'stopped' && !window.cancelRequested) next = pausedByStops(next, at);
  const answeredByWriters = isAuto(state, landing.customer) && fewer !== answered;
  const calm = state.health.level === 'ok';
  if ((failure.class === 'contention' && !answeredByWriters && !calm) || failure.class === 'overload') {
    next = paced(next, at, (pace) => afterCongestion(pace, { startedAt: window.startedAt, at, why: lately(next, at) }));
  }
  if (isTrial(state, event.customer, window)) {
    return triedInVain(next, at, { stopped: failure.class === 'stopped' });
  }
  return judged(next, at);
}

/** The customer after the response, and a sentence for the log. */
function answer(
  customer: Customer,
  { attempt }: Window,
  hours: Intervals,
  { failure, at }: Failure,
  id: string,
  response: Response,
): { customer: Customer; effect: string } {
  const { class: kind, message } = failure;
  const problem: Problem = { hours, class: kind, message, attempts: attempt, workflowId: id, at };
  const waiting = union(customer.waiting, hours);
  switch (response.kind) {
    case 'wait':
      return {
        customer: { ...customer, waiting },
        effect: `${id} was cancelled as asked; ${describe(hours)} waits again`,
      };
    case 'hold': {
      const effect = `${id} was stopped by someone else; ${describe(hours)} is held until resume`;
      return { customer: withProblem({ ...customer, held: union(customer.held, hours) }, problem), effect };
    }
    case 'takeOver': {
      const { sizing } = response;
      const size = formatWindowSize(sizing.size);
      const effect = `${id}: ${kind}, of a window that this run had only adopted; its hours wait for windows of ${size}: ${message}`;
      return { customer: { ...customer, waiting, sizing }, effect };
    }
    case 'split': {
      const { sizing } = response;
      return {
        customer: { ...customer, waiting, sizing },
        effect: `${id}: ${kind}; windows of ${customer.id} ${sizing.why}`,
      };
    }
    case 'retry': {
      const retries = hours.map(([from, to]) => ({
        from,
        to,
        attempts: attempt,
        at: at + response.wait,
        class: kind,
        message,
      }));
      const effect = `${id}: ${kind} (attempt ${attempt} of ${response.attempts}), again in ${formatDuration(response.wait)}: ${message}`;
      return { customer: { ...customer, waiting, retries: [...customer.retries, ...retries] }, effect };
    }
    case 'fail': {
      const effect = `${id}: failed after ${counted(attempt, 'attempt')}, ${kind}: ${message}`;
      return { customer: withProblem({ ...customer, failed: union(customer.failed, hours) }, problem), effect };
    }
    default:
      return response satisfies never;
  }
}

function fewerWriters(
  state: State,
  customer: Customer,
  failure: ClassifiedFailure,
  startedAt: number,
  at: number,
): Customer {
  const writers = writersOf(state, customer);
  if (isAuto(state, customer)) {
    if (failure.class !== 'contention' || writers === 1) return customer;
    return { ...customer, auto: afterContention(customer.auto!, { startedAt, at }) };
  }
  return failure.class === 'contention' && writers > 1 ? { ...customer, writers: writers - 1 } : customer;
}

/** What happened lately, as the reason of a cut: `2 contention, 1 overload in 60s`. */
function lately(state: State, at: number): string {
  const counts = new Map<string, number>();
  for (const { outcome, endedAt } of state.recent) {
    if (at - endedAt > 60_000 || (outcome !== 'contention' && outcome !== 'overload')) continue;
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  }
  return `${[...counts].map(([kind, times]) => `${times} ${kind}`).join(', ')} in 60s`;
}

function pausedByStops(state: State, at: number): State {
  const stops = [...state.stops.filter((stop) => at - stop < STOPS_WITHIN), at];
  if (stops.length < STOPS_THAT_PAUSE || state.paused) return { ...state, stops };
  const reason = `${stops.length} windows were stopped by someone else within ${formatDuration(STOPS_WITHIN)}`;
  return decided({ ...state, stops: [], paused: { at, reason } }, at, `pause: ${reason}`);
}

/**
 * Doubling back-off with jitter: between half and all of the doubled time, so that windows that failed together do
 * not come back together. The jitter is a hash of the window and the attempt, because the core has no randomness.
 */
export function backoff(policy: { backoff: number; maxBackoff: number }, attempt: number, id: string): number {
  const full = Math.min(policy.maxBackoff, policy.backoff * 2 ** Math.min(attempt - 1, 40));
  return Math.round(full * (0.5 + 0.5 * fraction(`${id}#${attempt}`)));
}

/** A number in [0, 1) from a text: FNV-1a, 32 bits. */
function fraction(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0) / 2 ** 32;
}

const FORECAST_AT = [0.25, 0.5, 0.75];

/** Keeps what the ETA was at a quarter, half and three quarters of the work, for the report to compare. */
function forecast(state: State, at: number): State {
  const due = FORECAST_AT[state.forecasts.length];
  const share = shareDone(state);
  if (due === undefined || share < due) return state;
  const { eta } = estimate(state, at);
  if (eta === undefined) return state;
  return { ...state, forecasts: [...state.forecasts, { share: Math.round(share * 100) / 100, at, eta }] };
}

function remember(
  state: State,
  { customer, from, to, at }: WindowKey & { at: number },
  { attempt, startedAt }: Window,
  ended: Pick<EndedWindow, 'outcome' | 'message' | 'taught'>,
): State {
  return remembered(state, { customer, from, to, attempt, startedAt, endedAt: at, ...ended });
}
