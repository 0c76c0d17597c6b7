// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of the child's input are written like this.
import fc from 'fast-check';
import { COMMANDS } from '../../src/backfill/commands/command.js';

/** What people and machines should not send, but do. Long because each kind of value is built from those before it. */

const PROTOTYPE_KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'toJSON',
  'then',
];

/** Lone surrogates, controls, right-to-left marks, letters that look alike or melt together, and what separates ids. */
export const oddTexts = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '\0',
    '\u0001\u001f',
    '\ud800',
    '\udfff',
    '\u202ecvs',
    '\ufeffcvs',
    'сvs',
    'cvs\n',
    'cvs\t',
    'CVS',
    '🦕',
    'é',
    'e\u0301',
    'NaN',
    'null',
    'undefined',
    '-0',
    '1e309',
    '0x10',
    '[object Object]',
    '../..',
    '${customerId}',
    '$&',
    "cvs' OR '1'='1",
    'cvs-2026-01-15',
    'cvs-2026-01-15--2026-01-16',
    'cvs-',
    '-cvs',
    'cvs--2026',
    'all',
    ...PROTOTYPE_KEYS,
  ),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc
    .constantFrom('x', '-', '9', '💥', '\u0000', '${')
    .chain((unit) => fc.nat(5_000).map((times) => unit.repeat(times))),
);

/** Days that there are not, or hardly. */
const oddDays = fc.constantFrom(
  '2026-02-30',
  '2025-02-29',
  '2024-02-29',
  '0000-01-01',
  '1969-12-31',
  '1970-01-01',
  '9999-12-31',
  '10000-01-01',
  '2026-13-01',
  '2026-1-1',
  '2026-01-01T00:00:00Z',
  ' 2026-01-01',
  '2026-01-01 ',
  '-271821-04-20',
  '٢٠٢٦-٠١-٠١',
  'today',
);

const oddNumbers = fc.oneof(
  fc.constantFrom(NaN, Infinity, -Infinity, -0, 0, -1, 0.5, 1e308, 2 ** 53, -(2 ** 53), 2 ** 31, 1_000, 1_001, 5e-324),
  fc.double(),
);

const oddSizes = fc.constantFrom(
  '0d',
  '1d',
  '24h',
  '25h',
  '1.5d',
  '-1d',
  '999mo',
  '1mo',
  '1w',
  '7d7d',
  'auto',
  '1h30m',
  '1e3s',
);

const deep = fc.integer({ min: 40, max: 3_000 }).map((levels) => {
  let value: unknown = '${who}';
  for (let i = 0; i < levels; i++) value = i % 2 ? [value] : { child: value };
  return value;
});

const long = fc
  .tuple(fc.constantFrom<unknown>(null, 0, '', 'cvs', {}, []), fc.nat(3_000))
  .map(([member, length]) => Array.from({ length }, () => member));

const fields = fc.oneof(
  fc.constantFrom(...PROTOTYPE_KEYS, 'customer', 'customers', 'id', 'start', 'end', 'day', 'by', 'max'),
  fc.string({ unit: 'binary', maxLength: 12 }),
);

/** An object whose fields are its own whatever their names, as JSON.parse makes them. */
function withFields(entries: [string, unknown][]): object {
  const object = {};
  for (const [name, value] of entries) {
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return object;
}

const scalars = fc.oneof(
  oddTexts,
  oddDays,
  oddNumbers,
  oddSizes,
  fc.constantFrom<unknown>(
    null,
    undefined,
    true,
    false,
    [],
    {},
    1n,
    Symbol('s'),
    () => 'called',
    new Date(NaN),
    new Map(),
  ),
);

/** Any value at all: also such as no payload can carry, since the core is also called by code. */
export const hostile: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 6, arbitrary: scalars },
    { weight: 2, arbitrary: fc.array(tie('value'), { maxLength: 4 }) },
    { weight: 3, arbitrary: fc.array(fc.tuple(fields, tie('value')), { maxLength: 5 }).map(withFields) },
    { weight: 1, arbitrary: fc.oneof({ weight: 4, arbitrary: fc.anything() }, deep, long) },
  ),
})).value;

/**
 * A good value with one to three places of it replaced, left out, or made a list: most of it passes, so that the bad place is met
 * deep inside.
 */
export function damaged(good: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const damage = fc.record({
    way: fc.constantFrom('replace', 'leave out', 'list', 'add'),
    step: fc.infiniteStream(fc.nat(50)),
    field: fields,
    value: hostile,
  });
  return fc.tuple(good, fc.array(damage, { minLength: 1, maxLength: 3 })).map(([value, damages]) => {
    let result: unknown = structuredClone(value);
    for (const { way, step, field, value } of damages) {
      const change = (place: unknown): unknown => {
        const names = typeof place === 'object' && place !== null ? Object.keys(place) : [];
        const name = names[(step.next().value as number) % (names.length + 1)];
        if (name !== undefined) {
          const entries = Object.entries(place as object);
          const inner = entries.flatMap(([key, old]): [string, unknown][] => {
            if (key !== name) return [[key, old]];
            return way === 'leave out' && (step.next().value as number) % 3 === 0 ? [] : [[key, change(old)]];
          });
          return Array.isArray(place) ? inner.map(([, member]) => member) : withFields(inner);
        }
        if (way === 'list') return [place, place];
        if (way === 'add' && typeof place === 'object' && place !== null && !Array.isArray(place)) {
          return withFields([...Object.entries(place), [field, value]]);
        }
        return value;
      };
      result = change(result);
    }
    return result;
  });
}

/** Requests with every field in use. */
export const goodRequests: fc.Arbitrary<unknown> = fc
  .record(
    {
      window: fc.constantFrom<unknown>('6h', '10d', '1mo', { initial: 'auto', min: '1h', max: '1mo', target: '10m' }),
      parallelism: fc.constantFrom<unknown>(3, { max: 8, min: 2, perCustomer: 2, adaptive: true }),
      child: fc.constant({
        workflowType: 'reindex',
        taskQueue: 'q',
        workflowIdPrefix: 'p',
        input: [{ id: '${customerId}' }],
        encoding: 'json/protobuf',
        messageType: 'a.B',
        executionTimeout: '1h',
        priority: { priorityKey: 3, fairnessKey: 'k', fairnessWeight: 2 },
      }),
      retry: fc.constant({ timeout: { attempts: 2, backoff: '1s', maxBackoff: '1m' } }),
      probe: fc.constant({ maxLoad: { activeSessions: 20 }, criticalLoad: { blockedSessions: 5 }, every: '5s' }),
      hours: fc.constant([{ days: ['sat', 'sun'], from: '22:00', to: '06:00', timeZone: 'Europe/Berlin', max: 8 }]),
      exclude: fc.constant(['abc']),
      cluster: fc.constant('us-west-2-prod'),
      canary: fc.constant(2),
      resume: fc.boolean(),
      dryRun: fc.boolean(),
      operatorTimeout: fc.constant('1d'),
      verify: fc.constantFrom<unknown>('off', 'report', 'repair', { mode: 'repair', repairs: 3 }),
      done: fc.constantFrom<unknown>(
        ['2026-01-01'],
        ['2025-12-31--2026-01-02', '2026-01-04', '2026-01-01--2026-01-03'],
      ),
      lastDays: fc.constantFrom(1, 5, 3_660),
    },
    { requiredKeys: [] },
  )
  .map(({ done, ...fields }) => ({
    ...('lastDays' in fields ? {} : { start: '2026-01-01', end: '2026-01-05' }),
    ...fields,
    customers: [
      done === undefined ? 'cvs' : { id: 'cvs', done },
      { id: 'oportun', conversations: 2_600_000, window: '6h', start: '2025-12-31', end: '2026-01-09', perCustomer: 2 },
    ],
  }));

/** Commands that make sense for a run of `cvs` and `oportun` in January 2026. */
export const goodCommands: fc.Arbitrary<{ name: string; argument: unknown }> = fc
  .record({
    name: fc.constantFrom(...Object.keys(COMMANDS), 'reset-day', 'RESET_DAY'),
    customer: fc.constantFrom('cvs', 'oportun', 'nobody'),
    day: fc.constantFrom('2026-01-01', '2026-01-02', '2026-01-04', '2026-03-01'),
    limit: fc.constantFrom(1, 2, 1_000),
  })
  .map(({ name, customer, day, limit }) => {
    switch (name.toLowerCase().replace(/[-_]/g, '')) {
      case 'resetday':
      case 'skipday':
        return { name, argument: { customer, day, by: 'kim' } };
      case 'setparallelism':
        return { name, argument: { max: limit, perCustomer: limit, adaptive: limit === 2 } };
      case 'addcustomers':
        return { name, argument: { customers: ['late', { id: 'later', start: '2026-01-02', end: day }] } };
      case 'removecustomer':
        return { name, argument: { customer } };
      case 'finish':
        return { name, argument: {} };
      default:
        return { name, argument: { customer } };
    }
  });

export const hostileNames = fc.oneof(
  oddTexts,
  fc.constantFrom('progress', '__stack_trace', 'Pause', 'pause ', 'pausé'),
);
