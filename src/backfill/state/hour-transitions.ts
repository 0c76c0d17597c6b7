import { difference, type Intervals, intersection, overlapping, union } from '../hours/interval.js';
import type { Customer, CustomerHours } from './customer.js';
import { checkingHours, doneHours } from './customer-hours.js';
import { withoutHours } from './ledger.js';

/** What an hour of a customer's range is, at any moment exactly one of these. */
export type HourState = 'waiting' | 'running' | 'checking' | 'done' | 'failed' | 'held' | 'skipped';

/** What an hour may become. */
export type Edge = `${HourState} → ${HourState}`;

/**
 * Everything that an hour may become, by the event or command that does it, each with its reason. No other change of an hour
 * happens: {@link moveHours} takes only edges of this table, and the fuzz of the core compares every state with the one
 * before it.
 */
export const TRANSITIONS = {
  windowStarted: { 'waiting → running': 'a slot was free and the window was due' },
  windowFound: { 'waiting → running': 'a workflow that was already running covers it' },
  windowCompleted: {
    'running → done': 'its window completed',
    'running → checking': 'its window completed, and what it did is to be counted',
    'running → waiting': 'an operator asked for it again while it ran',
    'failed → waiting': 'it failed while the breaker was open, which this window closes',
  },
  windowFailed: {
    'running → waiting': 'it is tried again, in smaller windows or after a back-off, or this run cancelled its window',
    'running → held': 'a person stopped its window',
    'running → failed': 'its attempts are used up, or no other try would help',
    'running → skipped': 'an operator skipped it while it ran',
    'failed → waiting': 'nothing else is left for an open breaker to try',
  },
  completedWindowsFound: {
    'waiting → done': 'a window of an earlier run completed it',
    'waiting → checking': 'a window of an earlier run completed it, and what it did is to be counted',
  },
  windowsChecked: {
    'checking → done': 'nothing is missing in it, or what is missing is only reported',
    'checking → waiting': 'something is missing in it, which another window may repair',
    'checking → failed': 'something is still missing in it after its repairs',
    'checking → skipped': 'something is missing in it, and an operator skipped it',
  },
  checkFailed: {
    'checking → done': 'it could not be counted, which the report says',
    'checking → failed': 'it could not be counted, and the run repairs',
    'checking → skipped': 'it could not be counted, and an operator skipped it',
  },
  runEnded: { 'checking → done': 'the run ends before it was counted, which the report says' },
  resetDay: {
    'done → waiting': 'an operator wants it again',
    'checking → waiting': 'an operator wants it again',
    'failed → waiting': 'an operator wants it again',
    'held → waiting': 'an operator wants it again',
    'skipped → waiting': 'an operator wants it after all',
  },
  skipDay: {
    'waiting → skipped': 'an operator does not want it',
    'failed → skipped': 'an operator does not want it any more',
    'held → skipped': 'an operator does not want it any more',
  },
  retryFailed: { 'failed → waiting': 'an operator wants it tried again' },
  resume: {
    'held → waiting': 'an operator lets it run again',
    'failed → waiting': 'it failed while the breaker was open, which the operator closes',
  },
  removeCustomer: {
    'waiting → skipped': 'its customer was removed',
    'failed → skipped': 'its customer was removed',
    'held → skipped': 'its customer was removed',
  },
  addCustomers: {
    'skipped → waiting': 'its customer came back',
    'skipped → done': 'its customer came back, and the operator says that it is done',
    'skipped → checking': 'its customer came back, and the operator says that it is done, which is to be counted',
  },
} as const satisfies Record<string, Partial<Record<Edge, string>>>;

/** An event or a command that moves hours. */
export type Mover = keyof typeof TRANSITIONS;

/** The states that are sets of their own; an hour is in one of the others by its window, its check, or by being in no set. */
const SETS = ['waiting', 'failed', 'held', 'skipped'] as const satisfies readonly (HourState & keyof CustomerHours)[];
type SetName = (typeof SETS)[number];
const isSet = (state: string): state is SetName => (SETS as readonly string[]).includes(state);

/**
 * The customer with those of the hours moved that are in the edge's first state. Taken from a state that they were in, hours
 * lose all that speaks of them: problems, retries, checks, coverage, and repairs unless a window continues with these. What
 * brings them into `running`, `checking` or `done` (a window, a check, coverage) is the caller's to add; a window that ends
 * is the caller's to take away first.
 */
export function moveHours<By extends Mover>(
  customer: Customer,
  hours: Intervals,
  _by: By,
  edge: keyof (typeof TRANSITIONS)[By] & Edge,
): Customer {
  const [from, to] = edge.split(' → ') as [HourState, HourState];
  const moved = isSet(from) ? intersection(customer.hours[from], hours) : otherHours(customer, from, hours);
  if (moved.length === 0) return customer;
  const left = from === 'running' ? customer : withoutTraces(customer, moved, from === 'waiting' && !isSet(to));
  const sets = { ...left.hours };
  if (isSet(from)) sets[from] = difference(sets[from], moved);
  if (isSet(to)) sets[to] = union(sets[to], moved);
  return { ...left, hours: sets };
}

function otherHours(customer: Customer, state: Exclude<HourState, SetName>, hours: Intervals): Intervals {
  switch (state) {
    case 'running':
      return hours;
    case 'checking':
      return intersection(checkingHours(customer), hours);
    case 'done':
      return intersection(doneHours(customer), hours);
    default:
      return state satisfies never;
  }
}

/** The customer without what speaks of these hours. */
function withoutTraces(customer: Customer, hours: Intervals, keepRepairs: boolean): Customer {
  const { windows, record } = customer;
  return {
    ...customer,
    hours: {
      ...customer.hours,
      skipUnlessCompleted: difference(customer.hours.skipUnlessCompleted, intersection(checkingHours(customer), hours)),
    },
    windows: {
      ...windows,
      retries: cut(windows.retries, hours),
      checking: cutAll(windows.checking, hours),
      repairs: keepRepairs ? windows.repairs : cut(windows.repairs, hours),
    },
    record: {
      ...record,
      problems: cutAll(record.problems, hours),
      ledger: withoutHours(record.ledger, hours),
    },
  };
}

/** What is left of things that speak of one stretch of hours each; one that is cut in two becomes two. */
export const cut = <T extends { hours: Intervals[number] }>(parts: readonly T[], hours: Intervals): T[] =>
  parts.flatMap((part) => {
    const gone = overlapping(hours, part.hours);
    if (gone.length === 0) return part;
    return difference([part.hours], gone).map((left) => ({ ...part, hours: left }));
  });

/** What is left of things that speak of several stretches each. */
export const cutAll = <T extends { hours: Intervals }>(parts: readonly T[], hours: Intervals): T[] =>
  parts.map((part) => ({ ...part, hours: difference(part.hours, hours) })).filter((part) => part.hours.length > 0);
