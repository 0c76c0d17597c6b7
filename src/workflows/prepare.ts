import { proxyActivities } from '@temporalio/workflow';
import { type Activities, askedFor, type DirectoryEntry, type DirectoryQuery } from '../activities/contract.js';
import { formatDay } from '../backfill/hours/calendar.js';
import { meet } from '../backfill/hours/interval.js';
import { show } from '../backfill/request/issue.js';
import type { Options } from '../backfill/request/options.js';
import { parseCustomers } from '../backfill/request/request.js';
import { rangeOf } from '../backfill/state/customer.js';
import { needVolumes } from '../backfill/state/initial-state.js';
import { type PreparationStep, stepsLeft } from '../backfill/state/preparation.js';
import { runningWindow } from '../backfill/state/update.js';
import { lastingFault, persistently } from './attempts.js';
import { tryCheck, tryProbe } from './checks.js';
import type { Children } from './children.js';
import { invalidInput } from './invalid-input.js';
import { learnReceivers } from './notify.js';
import type { BackfillRun } from './run.js';
import { SEARCH_ATTRIBUTES, type Visibility } from './visibility.js';

const aLongLook = {
  startToCloseTimeout: '10 minutes',
  // A worker killed in the middle must not keep the run from its first window for all of that time.
  heartbeatTimeout: '10 seconds',
} as const;
const once = proxyActivities<Activities>({ ...aLongLook, retry: { maximumAttempts: 1 } });
const { registeredSearchAttributes } = proxyActivities<Activities>({
  startToCloseTimeout: '10 seconds',
  retry: { maximumAttempts: 1 },
});
const patiently = proxyActivities<Activities>({
  ...aLongLook,
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds' },
});

/**
 * Learns what must be known before the first window: who the customers are, which windows run already (they are
 * followed) and, if asked, which hours completed windows cover. Queries and cancel work meanwhile, and commands wait. A
 * run that continues as new meanwhile resumes at its step. A failure here is the run's.
 */
export async function prepare(run: BackfillRun, children: Children, visibility: Visibility): Promise<void> {
  const steps: Record<PreparationStep, () => Promise<void>> = {
    searchAttributes: () => lookUpAttributes(run, visibility),
    directory: () => learnCustomers(run),
    check: () => tryCheck(run),
    probe: () => tryProbe(run),
    receivers: () => learnReceivers(run),
    windows: () => findExisting(run, children, (query) => persistently(run, () => once.findWindows(query))),
  };
  try {
    for (const step of stepsLeft(run.state.lifecycle.preparing!)) {
      if (step !== run.state.lifecycle.preparing!.step) run.happened({ kind: 'preparationBegan', step });
      await steps[step]();
    }
    run.happened({ kind: 'prepared' });
  } catch (error) {
    run.fail(error);
  }
}

/** Search attributes are optional, and so is the look-up: not every server allows it. */
async function lookUpAttributes(run: BackfillRun, visibility: Visibility): Promise<void> {
  try {
    visibility.searchAttributes = await persistently(run, () => registeredSearchAttributes(SEARCH_ATTRIBUTES), 3);
  } catch {
    run.happened({ kind: 'preparationGivenUp' });
  }
}

/** Who the customers are, if the directory must say; and their volumes, if windows are to be sized by them. */
export async function learnCustomers(run: BackfillRun, tries?: number): Promise<void> {
  const { exclude } = run.state.lifecycle.preparing!;
  const ask = () => persistently(run, () => once.listCustomers(directoryQuery(run.state.options)), tries);
  if (exclude) {
    const listed = await ask().catch((error: unknown) => {
      throw asInvalidInput(error, 'customers', '"all" with a customer directory that names some');
    });
    customersListed(run, exclude, listed);
  } else if (needVolumes(run.state)) await estimateVolumes(run, ask);
}

function directoryQuery({ cluster, start, end }: Options): DirectoryQuery {
  const range = { start: formatDay(start), end: formatDay(end) };
  return cluster === undefined ? range : { ...range, cluster };
}

/** Without a directory, or with one that does not know, a customer starts with windows of a day. */
async function estimateVolumes(run: BackfillRun, ask: () => Promise<DirectoryEntry[]>): Promise<void> {
  try {
    const known = (await ask()).flatMap(({ id, conversations }) =>
      conversations === undefined ? [] : [[id, conversations] as const],
    );
    run.happened({ kind: 'volumesEstimated', volumes: Object.fromEntries(known) });
  } catch (error) {
    if (lastingFault(error)?.type === 'DirectoryMissing') return;
    throw asInvalidInput(error, 'window.initial', 'a size, or "auto" with a customer directory that can be asked');
  }
}

function asInvalidInput(error: unknown, field: string, expected: string): unknown {
  const got = lastingFault(error)?.message;
  return got === undefined ? error : invalidInput([{ field, expected, got }]);
}

function customersListed(run: BackfillRun, exclude: string[], listed: DirectoryEntry[]): void {
  const { options } = run.state;
  const left = listed.filter(({ id }) => !exclude.includes(id));
  if (left.length === 0) {
    const expected = `to leave some of the customers that the directory names for ${askedFor(directoryQuery(options))}`;
    const got = `${show(exclude)}, which leaves none of ${listed.length}`;
    throw invalidInput([{ field: 'exclude', expected, got }]);
  }
  const parsed = parseCustomers(left, [options.start, options.end]);
  if (!parsed.ok) {
    throw invalidInput(
      parsed.issues.map((issue) => ({ ...issue, field: `customers "all", from the directory: ${issue.field}` })),
    );
  }
  const unknown = exclude.filter((id) => !listed.some((customer) => customer.id === id));
  run.happened({ kind: 'customersListed', customers: parsed.value, unknown });
}

/**
 * Looks for what runs, and what is done if asked, of customers that were added on the way. One look at a time; what is
 * under way when the run continues as new, the next run does again.
 */
export class Newcomers {
  private looking = false;

  constructor(
    private readonly run: BackfillRun,
    private readonly children: Children,
  ) {}

  /** Looks if there are any; at once when no look is under way, else when that is over. */
  look(): void {
    const { customers } = this.run.state;
    if (this.looking || !customers.some(({ hours }) => hours.undiscovered)) return;
    const undiscovered = customers.flatMap(({ hours }, index) => (hours.undiscovered ? [index] : []));
    this.looking = true;
    findExisting(this.run, this.children, patiently.findWindows, undiscovered)
      .finally(() => {
        this.looking = false;
      })
      .then(() => this.run.happened({ kind: 'customersDiscovered', customers: undiscovered }))
      .catch((error) => this.run.fail(error));
  }
}

/** Of these customers (by index), or of all. */
async function findExisting(
  run: BackfillRun,
  children: Children,
  findWindows: Activities['findWindows'],
  only?: number[],
): Promise<void> {
  const { child, resume } = run.state.options;
  const customers = only?.map((index) => run.state.customers[index]!.id);
  const query = { prefix: child.workflowIdPrefix, completed: resume };
  const found = await findWindows(customers ? { ...query, customers } : query);
  const indexes = new Map(run.state.customers.map(({ id }, index) => [id, index]));
  for (const { customer: id, hours, runId } of found.running) {
    const index = indexes.get(id);
    const customer = index === undefined ? undefined : run.state.customers[index];
    if (index === undefined || !customer || !meet(hours, rangeOf(customer))) continue;
    // A customer that was removed and came back may have windows of this run.
    if (runningWindow(customer, hours)) continue;
    run.happened({ kind: 'windowFound', customer: index, hours, runId });
    children.follow({ customer: index, hours });
  }
  if (!resume) return;
  const windows = found.completed.flatMap(({ customer: id, hours }) => {
    const customer = indexes.get(id);
    return customer === undefined ? [] : hours.map((part) => ({ customer, hours: part }));
  });
  run.happened({ kind: 'completedWindowsFound', windows });
}
