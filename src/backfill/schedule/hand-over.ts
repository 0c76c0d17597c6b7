/**
 * When one run of the workflow hands over to the next (continue-as-new). A pure rule over what the shell sees:
 *
 * 1. A cancelled run never does: it closes as Cancelled, which the next run, itself not cancelled, could not do.
 * 2. Nor does a task that answers an Update: if a message has arrived meanwhile the server refuses the task, and the answer
 *    is lost with it. Where every task may have an Update (too many messages), that is worth the risk; while the run
 *    prepares it is not, since the server lets only ten of them wait.
 * 3. It is due by Temporal's hint, by the run's own length, by the number of messages it has handled, or by a newer version
 *    of the worker: the next run begins there, with the state and without a history that the new code would have to replay.
 * 4. A start that is open when the run continues would never happen, so it happens when none is open. Until then slots stay
 *    full; from `OVERTIME` events on nothing more starts, so that the moment comes.
 * 5. Windows stay in flight meanwhile, with one exception. The server refuses a task that continues as new when a window's
 *    completion has arrived meanwhile, and the worker replays the history before it tries again. So windows in flight are let end first
 *    where that takes less than the replays to be expected: as many as windows end during a task.
 */

/** The server allows one run 10,000 signals and 2,000 Updates; a run hands over well before. */
export const MAX_MESSAGES = 1_500;
/** How many events more a run's history may have, while it waits for a moment without an open start. */
export const OVERTIME = 500;
/** About what a worker takes to replay an event, in ms. */
const REPLAY_MS = 1;
/** About what a task takes, in ms, from its events to the server's acceptance of its commands. */
const TASK_MS = 50;
/** A run that did not get to a new version would otherwise hand over in each of its tasks. */
const RETRY_AFTER_MS = 10 * 60_000;
const RETRY_AFTER_EVENTS = 250;

/** What the shell sees in one workflow task. */
export interface TaskView {
  /** Ms since 1970. */
  now: number;
  historyLength: number;
  continueAsNewSuggested: boolean;
  /** The run's own length at which to hand over, for tests. */
  maxHistoryEvents?: number;
  /** The next run would be executed by another version of the worker than this one began with. */
  newVersion: boolean;
  /** The run before handed over for a new version, and this one began with the old one all the same. */
  stayed: boolean;
  /** For how long this run has run, in ms. */
  age: number;
  /** Signals and Updates that this run has handled. */
  messages: number;
  /** This task answers an Update. */
  answersUpdate: boolean;
  preparing: boolean;
  cancelling: boolean;
  inFlight: number;
  /** What a window usually takes, in ms; undefined before the first has ended. Asked only when a hand-over becomes due. */
  usualDuration(): number | undefined;
}

/** Since when a hand-over is due. */
export interface Due {
  historyLength: number;
  /** Until when windows in flight are let end first. */
  drainUntil?: number;
}

export interface HandOver {
  /** To be given back at the next look. */
  due?: Due;
  mayStart: boolean;
  mayCheck: boolean;
  /** It hands over now, if no start is open. */
  whenNoneStarts: boolean;
  /** When to look again, in ms since 1970. */
  until?: number;
}

/** What the run may do in this task. `before`: what the last look gave as `due`. */
export function handOver(view: TaskView, before: Due | undefined): HandOver {
  const goOn = { mayStart: true, mayCheck: true, whenNoneStarts: false };
  // A new version may be taken back before the run has moved to it.
  if (!hasReason(view)) return goOn;
  if (mustNot(view)) return { ...goOn, ...(before && { due: before }) };
  const due = before ?? dueSince(view);
  const { drainUntil } = due;
  const draining = drainUntil !== undefined && view.now < drainUntil && view.inFlight > 0;
  const overdue = drainUntil !== undefined || view.historyLength - due.historyLength > OVERTIME;
  return {
    due,
    mayStart: !overdue,
    mayCheck: false,
    whenNoneStarts: !draining,
    ...(draining && { until: drainUntil }),
  };
}

function hasReason(view: TaskView): boolean {
  const { maxHistoryEvents = Number.POSITIVE_INFINITY } = view;
  const long = view.continueAsNewSuggested || view.historyLength >= maxHistoryEvents;
  return long || movesToNewVersion(view) || hasManyMessages(view);
}

function movesToNewVersion({ newVersion, stayed, age, historyLength }: TaskView): boolean {
  return newVersion && (!stayed || age >= RETRY_AFTER_MS || historyLength >= RETRY_AFTER_EVENTS);
}

function mustNot(view: TaskView): boolean {
  return view.cancelling || (view.answersUpdate && (view.preparing || !hasManyMessages(view)));
}

const hasManyMessages = ({ messages }: TaskView): boolean => messages >= MAX_MESSAGES;

function dueSince({ now, historyLength, inFlight, usualDuration }: TaskView): Due {
  const replay = historyLength * REPLAY_MS;
  const duration = usualDuration() ?? Number.POSITIVE_INFINITY;
  const endsInTask = (inFlight * TASK_MS) / duration;
  const drains = duration < endsInTask * replay;
  return { historyLength, ...(drains && { drainUntil: now + replay }) };
}
