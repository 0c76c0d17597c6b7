import type { Interval } from '../../backfill/hours/interval.js';
import { parseWindowId } from '../../backfill/hours/window.js';
import { show } from '../../backfill/request/issue.js';
import { customerId } from '../../backfill/request/values.js';
import type { DayRange } from '../../backfill/views/placed-days.js';
import { DAY_FORMAT, midnightIn, parseTrackedDay } from './days.js';
import type { TrackedDays, Tracking, TrackingProblem } from './entry.js';
import { meansDone, STATUS_FORMAT } from './status.js';

export interface ReadingOptions {
  /** Of the run that will be started. */
  range: DayRange;
  /** Names that are clusters, and not customers. */
  clusters: readonly string[];
  /** Of the windows' workflow ids. */
  workflowIdPrefix: string;
}

/** Names of containers, which have no meaning of their own. */
const WRAPPERS =
  /^(jobs|workflows|workflow_?ids|windows|entries|items|results|tracking|progress|customers|clusters|days|runs)$/i;
/** Names of metadata of the file itself. */
const ABOUT =
  /^(version|created(_?at)?|updated(_?at)?|last_?updated|started_?at|generated(_?at)?|namespace|cluster|workflow_?id|month|start|end|description|note|total|count|summary)$/i;

const named = (pattern: RegExp, record: object) => Object.entries(record).find(([name]) => pattern.test(name))?.[1];
const FIELDS = {
  status: /^(status|state)$/i,
  workflowId: /^(workflow_?id|wf_?id|id)$/i,
  customer: /^customer(_?id)?$/i,
  cluster: /^cluster$/i,
  day: /^(day|date)$/i,
  start: /^(start|from)(_?(time|day|date))?$/i,
  end: /^(end|to|until)(_?(time|day|date))?$/i,
};

/** What the path to a place in the file has said so far. */
interface Context {
  path: string;
  cluster?: string;
  customer?: string;
  interval?: Interval;
  done?: boolean;
}

/**
 * Reads a tracking file of the kinds that people keep during a manual backfill: lists or maps, in any nesting, of workflow
 * ids, of records with a status, of days with a status, of days under their status; by cluster, customer and day in any
 * order. Whatever is not understood is a problem, with its place.
 *
 * A workflow id alone does not say how the workflow ended: such entries have no `done`.
 */
export function readTracking(json: unknown, options: ReadingOptions): Tracking {
  const reader = new Reader(options);
  reader.read(json, { path: '' });
  return { entries: reader.entries, problems: reader.problems };
}

class Reader {
  readonly entries: TrackedDays[] = [];
  readonly problems: Tracking['problems'] = [];

  constructor(private readonly options: ReadingOptions) {}

  read(value: unknown, context: Context): void {
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) this.item(item, { ...context, path: `${context.path}[${index}]` });
    } else if (typeof value === 'object' && value !== null && !isRecord(value)) {
      const cluster = named(FIELDS.cluster, value);
      const inside = typeof cluster === 'string' ? { ...context, cluster } : context;
      for (const [name, inner] of Object.entries(value)) this.named(name, inner, inside);
    } else {
      this.readEntry(() =>
        typeof value === 'object' && value !== null ? this.record(value, context) : this.leaf(value, context),
      );
    }
  }

  /** Reads one entry. If it can't be read, the others still are. */
  private readEntry(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      this.problems.push(error.problem);
    }
  }

  /** In a list, a text or a number is a day or a workflow id; elsewhere it is a status. */
  private item(value: unknown, context: Context): void {
    const isText = typeof value === 'string' || typeof value === 'number';
    const day = isText && !context.interval ? parseTrackedDay(value, this.options.range) : undefined;
    if (day) this.readEntry(() => this.entry({ ...context, interval: day }));
    else this.read(value, context);
  }

  private named(name: string, value: unknown, context: Context): void {
    const inner = {
      ...context,
      path: `${context.path}${/^\w+$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`}`,
    };
    const isLeaf = typeof value !== 'object' || value === null;
    if (ABOUT.test(name) && isLeaf) return;
    const done = isLeaf ? undefined : meansDone(name);
    const day = context.interval ? undefined : parseTrackedDay(name, this.options.range);
    if (this.options.clusters.includes(name)) this.read(value, { ...inner, cluster: name });
    else if (WRAPPERS.test(name) && !isLeaf) this.read(value, inner);
    else if (done !== undefined) this.read(value, { ...inner, done });
    else if (day) this.read(value, { ...inner, interval: day });
    else if (!context.customer && customerId.safeParse(name).success) this.read(value, { ...inner, customer: name });
    else this.problems.push(problem(inner, context.customer ? DAY_FORMAT : 'a cluster, a customer or a day', name));
  }

  private leaf(value: unknown, context: Context): void {
    const done = typeof value === 'boolean' ? value : typeof value === 'string' ? meansDone(value) : undefined;
    const window = typeof value === 'string' ? this.window(value) : undefined;
    if (done !== undefined && context.interval) this.entry({ ...context, done });
    else if (window) this.entry({ ...context, ...window });
    else {
      const window = `${STATUS_FORMAT}, or the workflow id of a window of ${this.options.workflowIdPrefix}`;
      const expected = typeof value === 'number' ? DAY_FORMAT : window;
      throw new Unreadable(problem(context, expected, value));
    }
  }

  private record(record: object, context: Context): void {
    const field = (name: keyof typeof FIELDS): unknown => named(FIELDS[name], record) ?? undefined;
    const read = { ...context };
    const bad = (name: string, expected: string, got: unknown) =>
      new Unreadable(problem({ path: `${context.path}.${name}` }, expected, got));

    const [status, id, cluster, customer] = [field('status'), field('workflowId'), field('cluster'), field('customer')];
    if (status !== undefined) {
      const done = typeof status === 'string' ? meansDone(status) : undefined;
      if (done === undefined) throw bad('status', STATUS_FORMAT, status);
      read.done = done;
    }
    if (cluster !== undefined) {
      if (typeof cluster !== 'string') throw bad('cluster', "a cluster's name", cluster);
      read.cluster = cluster;
    }
    if (customer !== undefined) {
      if (!customerId.safeParse(customer).success) throw bad('customer', "a customer's id", customer);
      read.customer = customer as string;
    }
    const [day, start, end] = [field('day'), field('start'), field('end')];
    if (day !== undefined) {
      const interval = parseTrackedDay(day, this.options.range);
      if (!interval) throw bad('day', DAY_FORMAT, day);
      read.interval = interval;
    } else if (start !== undefined && end !== undefined && !read.interval) {
      const [from, to] = [midnight(start), midnight(end)];
      if (from === undefined || to === undefined || from >= to) throw bad('start', 'a UTC day before end', start);
      read.interval = [from, to];
    }
    const window = typeof id === 'string' ? this.window(id) : undefined;
    if (window && ((read.customer ?? window.customer) !== window.customer || !same(read.interval, window.interval))) {
      throw bad('workflow_id', 'the customer and days that the entry itself names', id);
    }
    this.entry({ ...read, ...window });
  }

  private window(id: string): { customer: string; interval: Interval } | undefined {
    return parseWindowId(this.options.workflowIdPrefix, id);
  }

  private entry({ path, cluster, customer, interval, done }: Context): void {
    if (!customer)
      throw new Unreadable(
        problem({ path }, "an entry that names its customer or is under the customer's id", undefined),
      );
    if (!interval) throw new Unreadable(problem({ path }, `an entry that names its day: ${DAY_FORMAT}`, undefined));
    this.entries.push({ customer, interval, done, ...(cluster === undefined ? {} : { cluster }) });
  }
}

/** Stops reading one entry; the others continue. */
class Unreadable extends Error {
  constructor(readonly problem: TrackingProblem) {
    super(problem.path);
  }
}

const problem = ({ path }: Pick<Context, 'path'>, expected: string, got: unknown): TrackingProblem => ({
  path: path.replace(/^\./, '') || 'the file',
  expected,
  got: show(got),
});

/** Whether an object is one entry, not a map of entries: it has a field of an entry, and holds no entries itself. */
function isRecord(value: object): boolean {
  const holds = ([name, inner]: [string, unknown]) =>
    WRAPPERS.test(name) && typeof inner === 'object' && inner !== null;
  if (Object.entries(value).some(holds)) return false;
  const status = named(FIELDS.status, value);
  const leaf = (pattern: RegExp) => ['string', 'number'].includes(typeof named(pattern, value));
  return typeof status === 'string' || leaf(FIELDS.workflowId) || leaf(FIELDS.day) || leaf(FIELDS.customer);
}

const same = (one: Interval | undefined, other: Interval) => !one || (one[0] === other[0] && one[1] === other[1]);

const midnight = (value: unknown) => (typeof value === 'string' ? midnightIn(value) : undefined);
