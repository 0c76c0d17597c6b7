import { saidTime } from '../hours/calendar.js';
import type { Breaker } from '../pacing/breaker.js';
import { limitNow } from '../schedule/limit.js';
import type { Customer } from '../state/customer.js';
import { countInFlight } from '../state/in-flight.js';
import type { Ending, Pause } from '../state/lifecycle.js';
import { describePreparation } from '../state/preparation.js';
import type { State } from '../state/state.js';
import { tallyOf } from '../state/tally.js';
import { counted } from '../words.js';

export const STATUSES = [
  'running',
  'pausing',
  'paused',
  'waitingForOperator',
  'cancelling',
  'finishing',
  'completed',
  'cancelled',
] as const;
export type Status = (typeof STATUSES)[number];

/** Whether a run has ended, by its own answer, so that nothing changes any more. */
export const isClosed = ({ status }: { readonly status: Status }): boolean =>
  status === 'completed' || status === 'cancelled';

/**
 * What a run is doing, and why, in one sentence. The status follows from the state; nothing stores it, so it can't
 * disagree. Precedence, each before all that follow:
 *
 * 1. An ended run stays as it ended: queries answer on closed runs.
 * 2. `cancelling`: Temporal's own cancel outranks every command; it can't be taken back.
 * 3. `finishing`: the operator asked for an end; a pause in force no longer matters.
 * 4. `waitingForOperator`: nothing is left that the run could do, paused or not; saying `paused` would suggest that
 *    `resume` is enough.
 * 5. `pausing`, `paused`: an operator (or the run itself) stopped new windows; also when all that is left belongs to
 *    paused customers, or the breaker is open, while it tries a window as well.
 * 6. `running`. While the database or the working hours let nothing start, the reason says so, if `now` is given: they
 *    are no pause, and end by themselves.
 */
export function statusOf(state: State, now?: number): { status: Status; reason: string } {
  const { ended, cancelling, finishing, idleSince, paused, preparing } = state.lifecycle;
  const { breaker } = state.guard;
  const running = countInFlight(state);
  const windows = `${counted(running, 'window')} in flight`;
  if (ended) return endedStatus(state, ended);
  if (cancelling) return { status: 'cancelling', reason: `cancel was requested; waiting for ${windows} to end` };
  if (finishing) return { status: 'finishing', reason: `finish was asked for; waiting for ${windows} to end` };
  if (idleSince !== undefined) {
    const again = leftDays(state).map((days) => RUN_AGAIN_BY[days]);
    return {
      status: 'waitingForOperator',
      reason: `only ${leftover(state)} days are left; the run continues after ${again.join(', ')}, resetDay, skipDay or finish`,
    };
  }
  if (paused) {
    const reason = pauseReason('', paused);
    return running > 0 ? { status: 'pausing', reason: `${reason}; ${windows}` } : { status: 'paused', reason };
  }
  if (breaker) return { status: 'paused', reason: breakerReason(breaker) };
  if (preparing) return { status: 'running', reason: describePreparation(preparing) };
  const { waiting } = tallyOf(state);
  const checks = checksOf(state);
  if (running === 0 && !checks && waiting > 0) {
    const pausedCustomers = state.customers.filter(({ hours, paused }) => paused && hours.waiting.length > 0);
    if (pausedCustomers.length === waiting) {
      return { status: 'paused', reason: pausedCustomers.slice(0, 5).map(customerPause).join('; ') };
    }
  }
  const limit = now !== undefined && (waiting > 0 || checks) ? limitNow(state, now) : undefined;
  const work = [...(running > 0 ? [windows] : []), ...(checks ? [checks] : [])];
  const reasons = limit?.limit === 0 ? [...work, limit.why] : work;
  return {
    status: 'running',
    reason: reasons.length > 0 ? reasons.join('; ') : 'waiting for the next window to be due',
  };
}

/** Why an open breaker starts nothing, and what it does next. */
export function breakerReason({ because, trial, tryAt }: Breaker): string {
  const next = trial ? 'one window is being tried' : `one window is tried at ${saidTime(tryAt)}`;
  return `breaker: ${because}; ${next}, or resume`;
}

/** The check under way, if windows wait for one. */
function checksOf(state: State): string | undefined {
  const { checks } = tallyOf(state);
  if (checks === 0) return undefined;
  const { underway } = state.checks;
  if (underway) return `verifying ${counted(underway.days, 'day')}`;
  return `${counted(checks, 'completed window')} to be verified`;
}

function endedStatus(state: State, ended: Ending): { status: Status; reason: string } {
  switch (ended) {
    case 'completed':
      return {
        status: 'completed',
        reason: state.lifecycle.finishing ? 'finished as asked' : 'every day is done or skipped',
      };
    case 'cancelled':
      return { status: 'cancelled', reason: 'cancel was requested; every running window has ended' };
    case 'incomplete':
      return { status: 'waitingForOperator', reason: `no operator came in time; ${leftover(state)} days are left` };
    default:
      return ended satisfies never;
  }
}

const leftover = (state: State): string => leftDays(state).join(' and ');

const leftDays = ({ customers }: State): ('failed' | 'held')[] =>
  (['failed', 'held'] as const).filter((days) => customers.some(({ hours }) => hours[days].length > 0));

const RUN_AGAIN_BY = { failed: 'retryFailed', held: 'resume' };

const customerPause = (customer: Customer) => pauseReason(`${customer.id} `, customer.paused!);

/** Who is paused, by whom, since when and why. */
export const pauseReason = (who: string, { at, by, reason }: Pause) =>
  `${who}paused${by ? ` by ${by}` : ''} at ${saidTime(at)}${reason ? `: ${reason}` : ''}`;
