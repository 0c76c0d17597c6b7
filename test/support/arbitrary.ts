import fc from 'fast-check';
import type { CommandName } from '../../src/backfill/commands/command.js';
import { FAILURE_CLASSES } from '../../src/backfill/failures/classify.js';
import { formatDay } from '../../src/backfill/hours/calendar.js';
import { HOUR, hour, MINUTE, type Request, requestOf } from './core.js';
import type { CheckOutcome, Outcome, Script, TimedCommand } from './simulator.js';

export const IDS = ['cvs', 'oportun', 'united-east', 'us-east-1-prod-017'];

/** The first days of ranges worth a try: a month's end, a leap day, a year's end. */
const firstDays = fc.constantFrom('2026-01-01', '2026-01-27', '2024-02-26', '2025-12-28', '2026-02-25');

/** How many windows of a customer at once: a few, or found out. */
const perCustomer = fc.oneof(fc.integer({ min: 1, max: 3 }), fc.constant('auto' as const));

const addDays = (day: string, days: number) => formatDay(hour(day) + 24 * days);

export const windowSizes = fc.constantFrom('1d', '6h', '5h', '2d', '10d', '1mo', '3mo');

interface Fleet {
  mostDays?: number;
  /** Default: any. */
  verify?: 'off' | 'report' | 'repair';
  /** Leaves out checks, and what makes windows differ in size or customers in their limits. */
  uniform?: boolean;
}

/** Requests for a few customers: different ranges, sizes, volumes and limits. */
export function requests({ mostDays = 8, uniform = false, verify }: Fleet = {}): fc.Arbitrary<Request> {
  const days = fc.integer({ min: 1, max: mostDays });
  return firstDays.chain((start) => {
    const own = fc.record(
      {
        range: fc.tuple(fc.integer({ min: -3, max: 3 }), days),
        ...(uniform ? {} : { window: windowSizes, perCustomer, conversations: fc.nat(10_000) }),
      },
      { requiredKeys: [] },
    );
    return fc
      .record({
        days,
        customers: fc.array(own, { minLength: 1, maxLength: IDS.length }),
        window: uniform ? fc.constant('1d') : windowSizes,
        max: fc.integer({ min: 1, max: 5 }),
        perCustomer: uniform ? fc.constant(1 as const) : perCustomer,
        attempts: fc.integer({ min: 1, max: 3 }),
        mode: verify || uniform ? fc.constant(verify ?? 'off') : fc.constantFrom('off', 'report', 'repair'),
        repairs: fc.integer({ min: 1, max: 3 }),
      })
      .map(({ days, customers, window, max, perCustomer, attempts, mode, repairs }) =>
        requestOf({
          start,
          end: addDays(start, days),
          customers: customers.map(({ range, ...rest }, i) => {
            const first = range && addDays(start, range[0]);
            return { id: IDS[i], ...rest, ...(first ? { start: first, end: addDays(first, range[1]) } : {}) };
          }),
          window,
          parallelism: { max, perCustomer },
          operatorTimeout: '1d',
          retry: { unknown: { attempts }, timeout: { attempts } },
          verify: { mode, repairs },
        }),
      );
  });
}

/** Mostly completed, or of any class; at once or after hours; now and then adopted. */
export const outcome: fc.Arbitrary<Outcome> = fc.record({
  after: fc.oneof(fc.constant(MINUTE), fc.integer({ min: 1, max: 3 * HOUR })),
  end: fc.oneof({ weight: 2, arbitrary: fc.constant('completed' as const) }, fc.constantFrom(...FAILURE_CLASSES)),
  adopted: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});

export const outcomes = fc.array(outcome, { maxLength: 40 });

/** Mostly with holes, since all after these checks find none; now and then not possible. */
export const checks: fc.Arbitrary<CheckOutcome[]> = fc.array(
  fc.record({
    after: fc.oneof(fc.constant(1_000), fc.integer({ min: 1, max: HOUR })),
    holes: fc.array(fc.nat(40), { maxLength: 4 }),
    fails: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  }),
  { maxLength: 10 },
);

/** Commands an operator may send: to known and unknown customers, for days in and out of their ranges. */
export function commandsFor(request: Request, names?: readonly CommandName[]): fc.Arbitrary<TimedCommand[]> {
  const id = fc.constantFrom(...IDS);
  const day = fc.integer({ min: -2, max: 8 }).map((days) => formatDay(request.options.start + 24 * days));
  const someone = fc.record({ customer: id }, { requiredKeys: [] });
  const oneDay = fc.record({ customer: id, day });
  const limit = fc.integer({ min: 1, max: 5 });
  const added = fc.record({ id, start: day }, { requiredKeys: ['id'] });
  const argumentsOf: Record<CommandName, fc.Arbitrary<object>> = {
    pause: someone,
    resume: someone,
    resetDay: oneDay,
    skipDay: oneDay,
    retryFailed: someone,
    setParallelism: fc.record({ max: limit, perCustomer: fc.oneof(limit, fc.constant('auto')) }, { requiredKeys: [] }),
    addCustomers: fc.record({ customers: fc.array(added, { maxLength: 2 }) }),
    removeCustomer: fc.record({ customer: id }),
    cancelWindows: someone,
    finish: fc.constant({}),
  };
  // `finish` ends the story; it has tests of its own.
  const sent = names ?? (Object.keys(argumentsOf) as CommandName[]).filter((name) => name !== 'finish');
  const one = fc
    .constantFrom(...sent)
    .chain((name) => fc.record({ at: fc.nat(6 * HOUR), name: fc.constant(name), argument: argumentsOf[name] }));
  return fc.array(one, { maxLength: 12 });
}

/** A request with all that may happen to it. */
export function stories(
  names?: readonly CommandName[],
  fleet?: Fleet,
): fc.Arbitrary<{ request: Request; script: Script }> {
  return requests(fleet).chain((request) =>
    fc.record({
      request: fc.constant(request),
      script: fc.record({
        outcomes,
        checks,
        commands: names?.length === 0 ? fc.constant([]) : commandsFor(request, names),
      }),
    }),
  );
}
