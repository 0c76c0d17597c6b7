import { type FleetCustomer, fleet, fleetRange } from '../../../../src/reference-ingestion/fleet.js';

/** The four customers whose month failed in January 2026, and ten that never gave trouble, as one cluster. */
const CLUSTER = 'us-west-2-prod';
const NAMED = ['cvs', 'oportun', 'marriott', 'united-east'];
const OTHERS = 10;

/** Conversations in a window at full size; a window of `auto` holds as many, times the scale. */
const TARGET = 280_000;

/** What scoring a conversation waits for, unless asked otherwise: most of a window's time is not the database's. */
export const SCORING_MS = 2;

/**
 * How each window is run at this scale. A month of the largest customer must outlive the heartbeat timeout in its last
 * statement, and a day must not, as it was in January.
 */
const WINDOW_OPTIONS = { heartbeatTimeoutMs: 2_500, activityAttempts: 2, pageSize: 400 };

/** Whether windows of one customer meet in rows that both write. */
export type Whales = 'contend' | 'apart';

export interface Scenario {
  cluster: string;
  range: { start: string; end: string };
  customers: FleetCustomer[];
  windowOptions: object;
  /** Conversations that a window should hold at most. */
  target: number;
}

export function scenario(scale: number, scoringMs: number): Scenario {
  const all = fleet(scale);
  const named = NAMED.map((id) => all.find((customer) => customer.id === id)!);
  const others = all.filter(({ id, cluster }) => cluster === CLUSTER && !NAMED.includes(id)).slice(0, OTHERS);
  return {
    cluster: CLUSTER,
    range: fleetRange,
    customers: [...named, ...others].map((customer) => ({ ...customer, cluster: CLUSTER })),
    windowOptions: { ...WINDOW_OPTIONS, ...(scoringMs > 0 && { scoringMs }) },
    target: Math.max(1, Math.round(TARGET * scale)),
  };
}

/** A part of one customer's month; days from the first, `to` exclusive. */
export interface WindowOfDays {
  customerId: string;
  from: number;
  to: number;
}

const DAY_MS = 86_400_000;
const dayAfter = (start: string, days: number) => new Date(Date.parse(`${start}T00:00:00Z`) + days * DAY_MS);

/** Each customer's month in windows of so many days. */
export function windowsOf({ range }: Scenario, customers: readonly string[], days: number): WindowOfDays[] {
  const last = (Date.parse(range.end) - Date.parse(range.start)) / DAY_MS;
  return customers.flatMap((customerId) =>
    Array.from({ length: Math.ceil(last / days) }, (_, i) => {
      return { customerId, from: i * days, to: Math.min(last, (i + 1) * days) };
    }),
  );
}

/** The argument of the window's workflow. */
export function argumentOf({ range, windowOptions }: Scenario, { customerId, from, to }: WindowOfDays): object {
  const [startTime, endTime] = [from, to].map((day) => dayAfter(range.start, day).toISOString());
  return { customerId, startTime, endTime, options: windowOptions };
}
