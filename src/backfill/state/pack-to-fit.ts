import { jsonBytes } from '../json.js';
import { initialSizing } from '../pacing/sizing.js';
import type { Customer } from './customer.js';
import { decided } from './journal.js';
import { latestEntries } from './log-chain.js';
import { pack } from './pack.js';
import type { Packed } from './packed.js';
import type { State } from './state.js';

/**
 * The most that a state may take to be handed over whole, in bytes. The server takes 2 MB together with the rest of the
 * command, and a hand-over that it refuses would be tried indefinitely.
 */
export const CARRY_BYTES = 1_700_000;

/** What a state can do without, in this order, until it fits; the sets of hours, retries and windows are never touched. */
const LIGHTER: readonly { what: string; of: (state: State) => State }[] = [
  {
    what: 'all but the latest 60 ended windows',
    of: (state) => ({ ...state, record: { ...state.record, recent: state.record.recent.slice(-60) } }),
  },
  { what: 'all but the latest 20 log entries and rejected commands', of: withShortLog },
  { what: 'all but the latest 5 notifications that a receiver still lacks', of: withFewNotifications },
  { what: 'all but one message for each class of failure', of: withFewTexts },
  {
    what: 'the window sizes of customers of whom nothing is left',
    of: (state) => ({ ...state, customers: state.customers.map((customer) => withInitialSize(state, customer)) }),
  },
  {
    what: 'the proof of the days done so far',
    of: (state) => ({
      ...state,
      customers: state.customers.map((customer) => ({ ...customer, record: { ...customer.record, ledger: [] } })),
    }),
  },
];

/** The state packed so that the next run can take it; what had to be left out for that is in the log. */
export function packToFit(state: State, at: number): Packed {
  let lighter = state;
  let packed = pack(lighter);
  const left: string[] = [];
  for (const { what, of } of LIGHTER) {
    if (jsonBytes(packed) <= CARRY_BYTES) break;
    left.push(what);
    lighter = of(lighter);
    packed = pack(decided(lighter, at, { kind: 'leftBehind', what: [...left] }));
  }
  return packed;
}

function withShortLog(state: State): State {
  const { record } = state;
  const rejected = record.rejected.slice(-20);
  return { ...state, record: { ...record, ...latestEntries(record, 20), rejected } };
}

function withFewNotifications({ notifications, ...state }: State): State {
  if (!notifications) return state;
  return { ...state, notifications: { ...notifications, queue: notifications.queue.slice(-5) } };
}

/** Messages of failures as one for each class, since thousands of different ones may be carried. */
function withFewTexts(state: State): State {
  const first = new Map<string, string>();
  const shared = <T extends { class: string; message: string }>(entry: T): T => {
    const message = first.get(entry.class) ?? entry.message.slice(0, 200);
    first.set(entry.class, message);
    return { ...entry, message };
  };
  const customers = state.customers.map(
    (customer): Customer => ({
      ...customer,
      windows: { ...customer.windows, retries: customer.windows.retries.map(shared) },
      record: {
        ...customer.record,
        problems: customer.record.problems.map(shared),
        ledger: customer.record.ledger.map((entry) =>
          entry.unverified ? { ...entry, unverified: 'it could not be made' } : entry,
        ),
      },
      pacing: {
        ...customer.pacing,
        sizing: { ...customer.pacing.sizing, why: 'as it was found before the run continued as new' },
      },
    }),
  );
  const recent = state.record.recent.map(({ message: _, ...ended }) => ended);
  return { ...state, customers, record: { ...state.record, recent } };
}

function withInitialSize({ options }: State, customer: Customer): Customer {
  const { hours, windows, pacing } = customer;
  if (hours.waiting.length + windows.running.length > 0) return customer;
  return { ...customer, pacing: { ...pacing, sizing: initialSizing(customer.window ?? options.window, customer) } };
}
