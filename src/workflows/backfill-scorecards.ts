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
import { show } from '../backfill/request/issue.js';
import { settleLastDays } from '../backfill/request/last-days.js';
import type { BackfillRequest } from '../backfill/request/options.js';
import { parseRequest } from '../backfill/request/request.js';
import { decide } from '../backfill/schedule/decide.js';
import { usualDuration } from '../backfill/schedule/eta.js';
import { type Packed, packToFit, unpack } from '../backfill/state/carry.js';
import { countInFlight, type Ending, inFlight, initialState, type State } from '../backfill/state/state.js';
import { type Plan, planOf } from '../backfill/views/plan.js';
import { type Report, reportOf } from '../backfill/views/report.js';
import { Alarm } from './alarm.js';
import { check } from './checks.js';
import { Children } from './children.js';
import { registerMessages } from './messages.js';
import { invalidInput, learnCustomers, Newcomers, prepare } from './prepare.js';
import { BackfillRun, type WaitingCommand } from './run.js';
import { Showcase } from './showcase.js';
import { watchDatabase, watchHours } from './watch.js';

/** The server allows one run 10,000 signals and 2,000 Updates; a run hands over well before. */
const MAX_MESSAGES = 1_500;

/** A person waits for a plan: it fails rather than wait for a directory that is away. */
const PLAN_TRIES = 5;

/** How many events more a run's history may have, while it waits for a moment at which all its slots are taken. */
const OVERTIME = 500;

/** About what a worker takes to replay an event, in ms. */
const REPLAY_MS = 1;
/** So much dearer than draining a replay must be before a run drains. */
const MUCH = 4;

/** What one run of the workflow hands to the next. */
interface Carried {
  state: Packed;
  searchAttributes: string[];
  /** Commands that came while the run prepared, and still wait. */
  waiting?: WaitingCommand[];
}

/**
 * Reindexes every customer's date range in windows, one `reindexconversations` child workflow each, and completes
 * with a {@link Report} when every day is done or skipped. The input is the request described in README.md; `carried`
 * is for the workflow itself, when it continues as new.
 *
 * Fails with type `InvalidInput` before anything has started, or `BackfillIncomplete` (details: the report) when only
 * failed or held days are left and no operator came in time. Closes as Cancelled once every running window has ended.
 */
export async function backfillScorecards(input: unknown, carried?: Carried): Promise<Report | Plan> {
  if (carried !== undefined) refuseUnlessContinued(carried);
  const run = new BackfillRun(carried ? unpack(carried.state) : firstState(validRequest(input)), carried?.waiting);
  registerMessages(run);
  CancellationScope.current().cancelRequested.catch(() => run.happened({ kind: 'cancelRequested' }));
  if (run.state.options.dryRun) {
    await learnCustomers(run, PLAN_TRIES);
    return planOf(run.state);
  }
  // What a cancel means for windows in flight is decided by the core, and never by Temporal's own propagation.
  return CancellationScope.nonCancellable(async () => {
    const showcase = new Showcase(carried?.searchAttributes);
    const children = new Children(run, showcase);
    for (const { index, window } of inFlight(run.state))
      children.follow({ customer: index, from: window.from, to: window.to });
    if (run.state.preparing) void prepare(run, children, showcase);
    void watchDatabase(run);
    void watchHours(run);
    return close(run, await schedule(run, children, showcase), showcase);
  });
}

/** A second argument from anybody but the run before would be taken for a state, and fail every workflow task. */
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
  return { ...state, preparing: { ...state.preparing!, exclude } };
}

/** Carries out decisions until the run is to end, or hands over to the next run. */
async function schedule(run: BackfillRun, children: Children, showcase: Showcase): Promise<Ending> {
  const alarm = new Alarm(() => run.wake());
  const newcomers = new Newcomers(run, children);
  /** From when on a hand-over is due: at what length of the history, and until when, if so, in-flight windows are let end first. */
  let since: { length: number; drainUntil?: number } | undefined;
  for (;;) {
    children.cancelMarked();
    newcomers.look();
    const due = mustHandOver(run);
    if (due) since ??= { length: workflowInfo().historyLength, ...drainTime(run) };
    const { length = 0, drainUntil = 0 } = since ?? {};
    const overdue = due && (drainUntil > 0 || workflowInfo().historyLength - length > OVERTIME);
    const draining = due && Date.now() < drainUntil && countInFlight(run.state) > 0;
    let decision = decide(run.state, Date.now());
    for (;;) {
      if (decision.kind === 'startWindow' && !overdue) {
        const { kind: _, attempt, ...window } = decision;
        run.happened({ kind: 'windowStarted', ...window, attempt });
        children.start(window);
      } else if (decision.kind === 'verify' && !due) {
        void check(run, decision.windows);
      } else break;
      decision = decide(run.state, Date.now());
    }
    if (decision.kind === 'end') return decision.how;
    // No draining: windows go on while the run hands over. Only an open start would be lost, so the run hands over when
    // none is open, and keeps its slots full until then; when overdue it starts nothing more, so that this comes.
    if (due && children.starting === 0 && !draining) {
      if (run.state.preparing || allHandlersFinished()) await handOver(run, showcase);
      // A handler that woke us ends a moment later, and nothing else need ever happen that would wake us again.
      await condition(allHandlersFinished);
      continue;
    }
    if (draining) alarm.set(drainUntil);
    else if (decision.kind === 'wait') alarm.set(decision.until);
    showcase.show(run.state);
    await run.somethingHappened();
  }
}

function mustHandOver(run: BackfillRun): boolean {
  // A cancelled run closes as Cancelled, which the next run, itself not cancelled, could not do.
  if (run.state.cancelling) return false;
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  const { maxHistoryEvents = Number.POSITIVE_INFINITY } = run.state.options;
  const manyMessages = run.messages >= MAX_MESSAGES;
  // A task that ends the run fails if a message has arrived meanwhile, and takes the Updates that it answers with it. Where
  // each task may have an Update that is worth the risk; while the run prepares, the server lets only ten of them wait.
  const answers = run.updatedAtLength === historyLength;
  if (answers && (run.state.preparing || !manyMessages)) return false;
  return manyMessages || continueAsNewSuggested || historyLength >= maxHistoryEvents;
}

/**
 * Until when windows in flight are let end before the run hands over, where that is cheaper than to be refused. The server
 * refuses a task that continues as new when a window's end has arrived meanwhile, and the worker replays the whole history
 * before it tries again. With windows of less than a second that is nearly every time; with windows of minutes hardly ever.
 */
function drainTime({ state }: BackfillRun): { drainUntil?: number } {
  const replay = workflowInfo().historyLength * REPLAY_MS;
  const usual = usualDuration(state);
  return usual !== undefined && usual * MUCH < replay ? { drainUntil: Date.now() + replay } : {};
}

/** Continues as new with the state. The first argument is only for people who look at the run's input. */
async function handOver(run: BackfillRun, showcase: Showcase): Promise<never> {
  const { state } = run;
  const waiting = run.takeWaiting();
  await condition(allHandlersFinished);
  const { memo, typedSearchAttributes } = workflowInfo();
  const { start, end, cluster } = state.options;
  const outline = {
    ...(cluster === undefined ? {} : { cluster }),
    ...{ start: formatDay(start), end: formatDay(end) },
    customers: `${state.customers.length} customers, carried in the second argument`,
  };
  const next = makeContinueAsNewFunc<typeof backfillScorecards>({ ...(memo ? { memo } : {}), typedSearchAttributes });
  const packed = packToFit(state, Date.now());
  return next(outline, { state: packed, searchAttributes: showcase.searchAttributes, waiting });
}

function close(run: BackfillRun, how: Ending, showcase: Showcase): Report {
  run.happened({ kind: 'runEnded', how });
  const report = reportOf(run.state, how, Date.now());
  showcase.show(run.state);
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
