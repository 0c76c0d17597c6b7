import { dayFrom, HOURS_PER_DAY, parseDay } from '../../backfill/hours/calendar.js';
import {
  add,
  difference,
  type Interval,
  type Intervals,
  none,
  subtract,
  within,
} from '../../backfill/hours/interval.js';
import { parseWindowId } from '../../backfill/hours/window.js';
import type { CommandOutcome, LogFact } from '../../backfill/state/log-entry.js';
import { countDays, lettersIn } from '../../backfill/views/day-letters.js';
import type { LogView } from '../../backfill/views/log.js';
import { dayNumber, type PlacedDays } from '../../backfill/views/placed-days.js';
import { checkTimes, hoursOf } from './checked.js';
import type { ClusterReport, CustomerReport, WindowRecord } from './document.js';
import { grouped } from './grouped.js';

/** What a customer's hours are at a moment. Those in no set wait. */
interface Hours {
  done: Intervals;
  skipped: Intervals;
  held: Intervals;
  failed: Intervals;
  running: Intervals;
  /** Completed, and waiting for their check. */
  checking: Intervals;
}

/** Hours that moved into one of the sets, or that wait again. */
interface Change {
  /** Ms since 1970. */
  readonly at: number;
  readonly hours: Interval;
  /** Only those of them that are in this set. */
  readonly from?: keyof Hours;
  readonly into?: keyof Hours | undefined;
}

const ALL_HOURS: Interval = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
const SETTLED = ['done', 'skipped', 'held', 'failed', 'running', 'checking'] as const;

/**
 * A run as it was at a moment, rebuilt from Temporal's records of its windows and from the run's log: days, windows, limit,
 * log. What the log has forgotten is missing: holds, skips and failures before its first entry. Days for which there is no
 * window were done before the run began.
 *
 * @param at ms since 1970
 */
export function momentOf(report: ClusterReport, at: number): ClusterReport {
  const windows = report.windows.flatMap((window) => recordAt(window, at));
  const log = report.log.filter((entry) => Date.parse(entry.at) <= at);
  const limits = report.limits.filter((step) => Date.parse(step.at) <= at);
  const load = report.load.filter((seen) => Date.parse(seen.at) <= at);
  const own = grouped(report.windows, ({ customer }) => customer);
  const prefix = prefixOf(report.windows);
  const logged = grouped(
    log.flatMap((entry) => loggedChanges(entry, prefix)),
    ({ customer }) => customer,
  );
  const everyone = logged.get('') ?? [];
  const checked = checkTimes(report);
  const customers = report.customers.map((customer): CustomerReport => {
    const records = own.get(customer.id) ?? [];
    const changes = [...windowChanges(records, checked), ...(logged.get(customer.id) ?? []), ...everyone];
    return { ...customer, days: lettersAt(customer, records, changes, at) };
  });
  const limit = limits.at(-1)?.to ?? report.limits[0]?.from ?? report.parallelism.limit;
  const amount = (...of: WindowRecord['status'][]) => windows.filter(({ status }) => of.includes(status)).length;
  const [inFlight, completed] = [amount('running'), amount('completed')];
  const failed = windows.length - inFlight - completed - amount('continuedAsNew');
  const counts = { started: windows.length, completed, failed, adopted: 0 };
  return {
    ...report,
    customers,
    windows,
    log,
    limits,
    load,
    endedAt: null,
    eta: null,
    durationMs: Math.max(0, at - Date.parse(report.startedAt)),
    totals: { ...report.totals, ...countDays(customers.map(({ days }) => days)), windows: counts },
    parallelism: { ...report.parallelism, limit, inFlight },
    attention: [],
  };
}

function recordAt(window: WindowRecord, at: number): WindowRecord[] {
  const start = Date.parse(window.startedAt);
  if (start > at) return [];
  if (window.closedAt !== null && Date.parse(window.closedAt) <= at) return [window];
  const { class: _, error: __, ...rest } = window;
  return [{ ...rest, status: 'running', closedAt: null, durationMs: at - start }];
}

function lettersAt(customer: PlacedDays, records: readonly WindowRecord[], changes: Change[], at: number): string {
  const first = dayNumber(customer.start) * HOURS_PER_DAY;
  const range: Interval = [first, first + customer.days.length * HOURS_PER_DAY];
  const hours: Hours = {
    done: doneBefore(customer, records, first),
    skipped: none,
    held: none,
    failed: none,
    running: none,
    checking: none,
  };
  // A window's end and what the log says of it may share a moment: the log is the later word.
  for (const change of changes.filter((other) => other.at <= at).sort((a, b) => a.at - b.at)) move(hours, change);
  const waiting = SETTLED.reduce<Intervals>((left, name) => difference(left, hours[name]), [range]);
  return lettersIn(range, { ...hours, waiting });
}

/** Days that are done although no window of this run covers them. */
function doneBefore({ days }: PlacedDays, records: readonly WindowRecord[], first: number): Intervals {
  let done: Intervals = none;
  for (let i = 0; i < days.length; i++) {
    if (days[i] === 'd') done = add(done, dayFrom(first + i * HOURS_PER_DAY));
  }
  return records.reduce((left, window) => subtract(left, hoursOf(window)), done);
}

function windowChanges(
  records: readonly WindowRecord[],
  checked: ReadonlyMap<WindowRecord, number> | undefined,
): Change[] {
  return records.flatMap((window): Change[] => {
    const hours = hoursOf(window);
    const changes: Change[] = [{ at: Date.parse(window.startedAt), hours, into: 'running' }];
    if (window.closedAt !== null) {
      const completed = checked ? 'checking' : 'done';
      const into = window.status === 'completed' ? completed : undefined;
      changes.push({ at: Date.parse(window.closedAt), hours, into });
    }
    const verifiedAt = checked?.get(window);
    if (verifiedAt !== undefined) changes.push({ at: verifiedAt, hours, from: 'checking', into: 'done' });
    return changes;
  });
}

function move(sets: Hours, { hours, from, into }: Change): void {
  for (const part of from ? within(sets[from], hours) : [hours]) {
    for (const name of SETTLED) sets[name] = subtract(sets[name], part);
    if (into) sets[into] = add(sets[into], part);
  }
}

/** All windows of a run have ids of one form: the prefix is what stands before the customer. */
function prefixOf([window]: readonly WindowRecord[]): string {
  return window ? window.workflowId.slice(0, window.workflowId.indexOf(`-${window.customer}-`)) : '';
}

type LoggedChange = Change & { readonly customer: string };

/** What a log entry says of hours; without a customer's name it concerns everyone. */
function loggedChanges({ at: instant, fact }: LogView, prefix: string): LoggedChange[] {
  const at = Date.parse(instant);
  switch (fact.kind) {
    case 'windowFailed':
    case 'windowStopped': {
      const window = parseWindowId(prefix, fact.window);
      const into = fact.kind === 'windowFailed' ? 'failed' : 'held';
      return window ? [{ at, customer: window.customer, hours: window.interval, into }] : [];
    }
    case 'shortfall':
      return shortfallChanges(at, fact);
    case 'command':
      return commandChanges(at, fact.outcome);
    default:
      return [];
  }
}

/** A repair is of one day; of what is only reported nothing follows. */
function shortfallChanges(
  at: number,
  { customer, days, finding: { next } }: LogFact & { kind: 'shortfall' },
): LoggedChange[] {
  const start = parseDay(days);
  if (start === undefined || next === 'reported') return [];
  return [{ at, customer, hours: dayFrom(start), into: next === 'repaired' ? undefined : next }];
}

function commandChanges(at: number, outcome: CommandOutcome): LoggedChange[] {
  switch (outcome.kind) {
    case 'dayReset':
      return outcome.running ? [] : [{ at, customer: outcome.customer, hours: dayOf(outcome) }];
    case 'daySkipped':
      return outcome.next === 'skipped'
        ? [{ at, customer: outcome.customer, hours: dayOf(outcome), into: 'skipped' }]
        : [];
    case 'failedRetried':
      return [{ at, customer: outcome.customer ?? '', hours: ALL_HOURS, from: 'failed' }];
    case 'resumed':
      return [{ at, customer: outcome.customer ?? '', hours: ALL_HOURS, from: 'held' }];
    default:
      return [];
  }
}

const dayOf = ({ day }: { day: string }): Interval => dayFrom(parseDay(day) ?? 0);
