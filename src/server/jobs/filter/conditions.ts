import { parseDay } from '../../../backfill/hours/calendar.js';
import { rangeNamed } from '../../../runs/run-names.js';
import { Job_State } from '../gen/backfill/jobs/v1/job_pb.js';
import { type Comparator, type Expression, FilterProblem, parseFilter, type Restriction } from './parse.js';

/** What is known of a job. What is left out is not known yet; times are in ms. */
export interface Facts {
  readonly cluster: string;
  readonly state?: Job_State | undefined;
  readonly range?: Days | undefined;
  /** Exact, or of a later execution of the same job: then it started at this time or before. */
  readonly started?: { readonly at: number; readonly exact: boolean };
  /** Null while it is open. */
  readonly ended?: number | null;
  readonly customers?: { has(id: string): boolean };
}

/** Half-open, in hours since 1970. */
export interface Days {
  readonly start: number;
  readonly end: number;
}

/** A filter whose fields and values are known to be right. */
export interface Filter {
  /** Whether a job matches; undefined while the facts do not decide it. */
  matches(facts: Facts): boolean | undefined;
  /** Conditions for Temporal's visibility that every match meets, each true of an execution. */
  readonly visibility: readonly string[];
  /** The one customer that every match has. */
  readonly customer: string | undefined;
  /** Every customer that it names: whether a job has them decides. */
  readonly customers: readonly string[];
}

type Condition = (facts: Facts) => boolean | undefined;

const HOUR_MS = 3_600_000;

/** @throws FilterProblem with a sentence that says what was expected */
export function filterFrom(text: string): Filter {
  const expression = parseFilter(text);
  if (!expression) return { matches: () => true, visibility: [], customer: undefined, customers: [] };
  const required = requiredBy(expression);
  return {
    matches: conditionOf(expression),
    visibility: required.flatMap(visibilityOf),
    customer: required.find(({ field, comparator }) => field === 'customer' && comparator !== '!=')?.value,
    customers: restrictionsIn(expression).flatMap(({ field, value }) => (field === 'customer' ? [value] : [])),
  };
}

/** The restrictions that every match meets. */
function requiredBy(expression: Expression): Restriction[] {
  if (expression.kind === 'restriction') return [expression];
  return expression.kind === 'and' ? expression.parts.flatMap(requiredBy) : [];
}

function restrictionsIn(expression: Expression): Restriction[] {
  switch (expression.kind) {
    case 'restriction':
      return [expression];
    case 'not':
      return restrictionsIn(expression.part);
    default:
      return expression.parts.flatMap(restrictionsIn);
  }
}

/** In three values, so that no job is asked for more than it takes to decide. */
function conditionOf(expression: Expression): Condition {
  switch (expression.kind) {
    case 'and':
    case 'or': {
      const conditions = expression.parts.map(conditionOf);
      const decisive = expression.kind === 'or';
      return (facts) => {
        const values = conditions.map((condition) => condition(facts));
        if (values.includes(decisive)) return decisive;
        return values.includes(undefined) ? undefined : !decisive;
      };
    }
    case 'not': {
      const condition = conditionOf(expression.part);
      return (facts) => {
        const value = condition(facts);
        return value === undefined ? undefined : !value;
      };
    }
    case 'restriction':
      return fieldOf(expression)(expression);
    default:
      return expression satisfies never;
  }
}

const FIELDS: Record<string, (restriction: Restriction) => Condition> = {
  state(restriction) {
    const state = stateIn(restriction);
    return equality(restriction, (facts) => known(facts.state, (own) => own === state));
  },
  cluster(restriction) {
    const name = nameIn(restriction);
    return equality(restriction, ({ cluster }) => cluster === name);
  },
  customer(restriction) {
    const id = nameIn(restriction);
    return equality(restriction, (facts) => facts.customers?.has(id));
  },
  range(restriction) {
    const { start, end } = daysIn(restriction);
    const contains = (own: Days) => own.start <= start && end <= own.end;
    const same = (own: Days) => own.start === start && own.end === end;
    return equality(restriction, ({ range }) => known(range, restriction.comparator === ':' ? contains : same));
  },
  'range.start': (restriction) => compared(restriction, ({ range }) => range && range.start * HOUR_MS),
  'range.end': (restriction) => compared(restriction, ({ range }) => range && range.end * HOUR_MS),
  started(restriction) {
    const condition = compared(restriction, ({ started }) => started?.at);
    const longAgo = compared(restriction, () => Number.NEGATIVE_INFINITY);
    const ordered = /[<>]/.test(restriction.comparator);
    // Where only an upper bound is known, the answer stands if it is the same for every earlier time.
    return (facts) => {
      const value = condition(facts);
      if (facts.started?.exact !== false) return value;
      return ordered && value === longAgo(facts) ? value : undefined;
    };
  },
  ended: (restriction) => (facts) =>
    facts.ended === null
      ? restriction.comparator === '!='
      : compared(restriction, () => facts.ended ?? undefined)(facts),
};

function fieldOf({ field }: Restriction): (restriction: Restriction) => Condition {
  if (Object.hasOwn(FIELDS, field)) return FIELDS[field]!;
  throw new FilterProblem(`expected one of the fields ${Object.keys(FIELDS).join(', ')}, got ${JSON.stringify(field)}`);
}

const known = <T>(value: T | undefined, test: (value: T) => boolean): boolean | undefined =>
  value === undefined ? undefined : test(value);

/** `=` and `:` mean the same of a single value. */
function equality({ field, comparator }: Restriction, equals: Condition): Condition {
  if (comparator === '=' || comparator === ':') return equals;
  if (comparator !== '!=') throw new FilterProblem(`expected =, != or : behind ${field}, got ${comparator}`);
  return (facts) => known(equals(facts), (value) => !value);
}

function compared({ field, comparator, value }: Restriction, timeOf: (facts: Facts) => number | undefined): Condition {
  const other = timeIn(field, value);
  const test = COMPARE[comparator];
  return (facts) => known(timeOf(facts), (time) => test(time, other));
}

const COMPARE: Record<Comparator, (a: number, b: number) => boolean> = {
  '=': (a, b) => a === b,
  ':': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

/** AIP-160 would have `*` match any text: here it would match nothing. */
function nameIn({ field, value }: Restriction): string {
  if (value !== '' && !value.includes('*')) return value;
  throw new FilterProblem(`${field}: expected a whole name, without *, got ${JSON.stringify(value)}`);
}

function stateIn({ value }: Restriction): Job_State {
  const state = Job_State[value as keyof typeof Job_State] as Job_State | undefined;
  if (typeof state === 'number' && state !== Job_State.STATE_UNSPECIFIED) return state;
  const states = Object.keys(Job_State).filter((name) => /^[A-Z_]+$/.test(name) && name !== 'STATE_UNSPECIFIED');
  throw new FilterProblem(`expected a state (${states.join(', ')}), got ${JSON.stringify(value)}`);
}

const A_DAY_MORE = 24;

/** A month, days from one to another (the end exclusive), or one day. */
function daysIn({ value }: Restriction): Days {
  const named = rangeNamed(value);
  const start = parseDay(named?.start ?? value);
  const end = named ? parseDay(named.end) : start && start + A_DAY_MORE;
  if (start === undefined || end === undefined || end <= start) {
    const forms = 'a month such as "2026-01", days such as "2026-01-05--2026-01-20" or a day such as "2026-01-15"';
    throw new FilterProblem(`range: expected ${forms}, got ${JSON.stringify(value)}`);
  }
  return { start, end };
}

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/i;

function timeIn(field: string, value: string): number {
  const day = parseDay(value);
  // Date.parse takes 30 February for a day in March.
  const isTime = day === undefined && RFC3339.test(value) && parseDay(value.slice(0, 10)) !== undefined;
  const time = isTime ? Date.parse(value) : (day ?? Number.NaN) * HOUR_MS;
  if (!Number.isNaN(time)) return time;
  throw new FilterProblem(
    `${field}: expected a UTC day such as "2026-01-15" or a time such as "2026-01-15T08:00:00Z", got ${JSON.stringify(value)}`,
  );
}

const CLOSED: Partial<Record<Job_State, string>> = {
  [Job_State.COMPLETED]: 'ExecutionStatus = "Completed"',
  [Job_State.CANCELLED]: 'ExecutionStatus = "Canceled"',
  [Job_State.FAILED]: '(ExecutionStatus = "Failed" OR ExecutionStatus = "TimedOut")',
  [Job_State.TERMINATED]: 'ExecutionStatus = "Terminated"',
};

/** Of a job that continued as new, visibility has the start of its last execution: it bounds only one side. */
function visibilityOf(restriction: Restriction): string[] {
  const { field, comparator, value } = restriction;
  if (field === 'state' && comparator !== '!=') return [CLOSED[stateIn(restriction)] ?? 'CloseTime IS NULL'];
  if (field === 'started' && (comparator === '>' || comparator === '>='))
    return [`StartTime >= "${instant(field, value)}"`];
  if (field === 'ended' && comparator !== '!=') {
    return [`CloseTime ${comparator === ':' ? '=' : comparator} "${instant(field, value)}"`];
  }
  return [];
}

const instant = (field: string, value: string) => new Date(timeIn(field, value)).toISOString();
