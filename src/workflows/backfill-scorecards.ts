import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  CancelledFailure,
  condition,
  makeContinueAsNewFunc,
  workflowInfo,
} from '@temporalio/workflow';
import { formatDay } from '../backfill/hours/calendar.js';
import { endNotified } from '../backfill/notifications/ending.js';
import { show } from '../backfill/request/issue.js';
import { settleLastDays } from '../backfill/request/last-days.js';
import type { BackfillRequest } from '../backfill/request/options.js';
import { parseRequest } from '../backfill/request/request.js';
import { decide } from '../backfill/schedule/decide.js';
import { type Due, handOver } from '../backfill/schedule/hand-over.js';
import { inFlight } from '../backfill/state/in-flight.js';
import { initialState } from '../backfill/state/initial-state.js';
import type { Ending } from '../backfill/state/lifecycle.js';
import { packToFit } from '../backfill/state/pack-to-fit.js';
import type { Packed } from '../backfill/state/packed.js';
import { firstStep } from '../backfill/state/preparation.js';
import type { State } from '../backfill/state/state.js';
import { unpack } from '../backfill/state/unpack.js';
import { withLifecycle } from '../backfill/state/update.js';
import { type Plan, planOf } from '../backfill/views/plan.js';
import { type Report, reportOf } from '../backfill/views/report.js';
import { Alarm } from './alarm.js';
import { check } from './checks.js';
import { Children } from './children.js';
import { invalidInput } from './invalid-input.js';
import { registerMessages } from './messages.js';
import { deliverRest, keepNotifying } from './notify.js';
import { learnCustomers, Newcomers, prepare } from './prepare.js';
import { BackfillRun, type WaitingCommand } from './run.js';
import { Visibility } from './visibility.js';
import { watchDatabase, watchHours } from './watch.js';
import { currentBuild } from './worker-version.js';

/** A person waits for a plan: it fails rather than wait for a directory that is away. */
const PLAN_TRIES = 5;

/** What one run of the workflow hands to the next. */
interface Carried {
  state: Packed;
  searchAttributes: string[];
  /** Commands that came while the run prepared, and still wait. */
  waiting?: WaitingCommand[];
  /** The build of the worker that the run before was to leave, if it continued for that. */
  leftBuild?: string;
}

/**
 * Reindexes every customer's date range in windows, one `reindexconversations` child workflow each, and completes
 * with a {@link Report} when every day is done or skipped. The input is the request described in docs/input.md; `carried`
 * is for the workflow itself, when it continues as new.
 *
 * Fails with type `InvalidInput` before anything has started, or `BackfillIncomplete` (details: the report) when only
 * failed or held days are left and no operator came in time. Closes as Cancelled once every running window has ended.
 */
export async function backfillScorecards(input: unknown, carried?: Carried): Promise<Report | Plan> {
  if (carried !== undefined) refuseUnlessContinued(carried);
  const run = new BackfillRun(carried ? unpack(carried.state) : firstState(validRequest(input)), carried);
  registerMessages(run);
  CancellationScope.current().cancelRequested.catch(() => run.happened({ kind: 'cancelRequested' }));
  if (run.state.options.dryRun) {
    await learnCustomers(run, PLAN_TRIES);
    return planOf(run.state);
  }
  // What a cancel means for windows in flight is decided by the core, and never by Temporal's own propagation. The root scope is made
  // non-cancellable itself: a scope of our own would be entered with AsyncLocalStorage.
  Object.assign(CancellationScope.current(), { cancellable: false });
  const visibility = new Visibility(carried?.searchAttributes);
  const children = new Children(run, visibility);
  for (const { index, window } of inFlight(run.state)) children.follow({ customer: index, hours: window.hours });
  if (run.state.lifecycle.preparing) void prepare(run, children, visibility);
  void watchDatabase(run);
  void watchHours(run);
  void keepNotifying(run);
  return close(run, await schedule(run, children, visibility), visibility);
}

/** A second argument from anyone but the previous run would be taken for a state, and fail every workflow task. */
function refuseUnlessContinued(carried: unknown): void {
  if (workflowInfo().continuedFromExecutionRunId !== undefined) return;
  const expected = 'one argument; a second one is for the workflow itself, when it continues as new';
  throw invalidInput([{ field: 'the second argument', expected, got: show(carried) }]);
}

function validRequest(input: unknown): BackfillRequest {
  const parsed = parseRequest(settleLastDays(input, Date.now()));
  if (!parsed.ok) throw invalidInput(parsed.issues);
  return parsed.value;
}

function firstState({ options, customers, exclude }: BackfillRequest): State {
  if (customers !== 'all') return initialState(options, customers, Date.now());
  const state = initialState(options, [], Date.now());
  return withLifecycle(state, { preparing: { step: firstStep, exclude } });
}

/** Carries out decisions until the run is to end, or hands over to the next run. */
async function schedule(run: BackfillRun, children: Children, visibility: Visibility): Promise<Ending> {
  const alarm = new Alarm(() => run.wake());
  const newcomers = new Newcomers(run, children);
  let due: Due | undefined;
  const look = (): Ending | 'handOver' | undefined => {
    children.cancelMarked();
    newcomers.look();
    const handing = handOver(run.view(), due);
    due = handing.due;
    let decision = decide(run.state, Date.now());
    for (;;) {
      if (decision.kind === 'startWindow' && handing.mayStart && children.mayStart) {
        const { customer, hours, attempt } = decision;
        run.happened({ kind: 'windowStarted', customer, hours, attempt });
        children.start({ customer, hours });
      } else if (decision.kind === 'verify' && handing.mayCheck) {
        void check(run, decision.windows);
      } else break;
      decision = decide(run.state, Date.now());
    }
    run.windows.report(run.state.options.cluster);
    if (decision.kind === 'end') return decision.how;
    if (handing.whenNoneStarts && children.starting === 0) return 'handOver';
    alarm.set(handing.until ?? (decision.kind === 'wait' ? decision.until : undefined));
    visibility.show(run.state);
    return undefined;
  };
  for (;;) {
    const given = await run.lookUntil(look);
    if (given !== 'handOver') return given;
    if (run.state.lifecycle.preparing || allHandlersFinished()) await continueRun(run, visibility);
    // A handler that woke us ends a moment later, and nothing else need ever happen that would wake us again.
    await condition(allHandlersFinished);
  }
}

/** Continues as new with the state. The first argument is only for people who look at the run's input. */
async function continueRun(run: BackfillRun, visibility: Visibility): Promise<never> {
  const { state } = run;
  const waiting = run.takeWaiting();
  await condition(allHandlersFinished);
  const { memo, typedSearchAttributes } = workflowInfo();
  const { start, end, cluster } = state.options;
  const outline = {
    ...(cluster !== undefined && { cluster }),
    start: formatDay(start),
    end: formatDay(end),
    customers: `${state.customers.length} customers, carried in the second argument`,
  };
  const next = makeContinueAsNewFunc<typeof backfillScorecards>({
    ...(memo ? { memo } : {}),
    typedSearchAttributes,
    // Else a pinned run would be pinned to its build for all its successors.
    ...(currentBuild() !== undefined && { initialVersioningBehavior: 'AUTO_UPGRADE' }),
  });
  const packed = packToFit(state, Date.now());
  const { toLeave: leftBuild } = run.version;
  return next(outline, {
    state: packed,
    searchAttributes: visibility.searchAttributes,
    waiting,
    ...(leftBuild !== undefined && { leftBuild }),
  });
}

async function close(run: BackfillRun, how: Ending, visibility: Visibility): Promise<Report> {
  run.happened({ kind: 'runEnded', how });
  const report = reportOf(run.state, how, Date.now());
  run.accept(endNotified(run.state, report, Date.now()));
  visibility.show(run.state);
  await deliverRest(run);
  switch (how) {
    case 'completed':
      return report;
    case 'cancelled':
      throw new CancelledFailure('cancelled as asked; every running window has ended', [report]);
    case 'incomplete': {
      const { failed, held, days } = report.totals;
      const message = `${failed} failed and ${held} held of ${days} days are left, and no operator came in time`;
      throw ApplicationFailure.create({ type: 'BackfillIncomplete', message, nonRetryable: true, details: [report] });
    }
    default:
      return how satisfies never;
  }
}
