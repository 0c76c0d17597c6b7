import { ActivityFailure, ApplicationFailure, proxyActivities } from '@temporalio/workflow';
import { type Activities, askedFor, type DirectoryQuery } from '../activities/contract.js';
import { formatDay } from '../backfill/calendar.js';
import { describeIssues, type Issue, show } from '../backfill/issue.js';
import type { BackfillRequest } from '../backfill/options.js';
import { parseCustomers } from '../backfill/request.js';
import { needVolumes } from '../backfill/state.js';
import { tryCheck, tryProbe } from './checks.js';
import type { Children } from './children.js';
import type { BackfillRun } from './run.js';
import { SEARCH_ATTRIBUTES, type Showcase } from './showcase.js';

const { listCustomers, findWindows, registeredSearchAttributes } = proxyActivities<Activities>({
  startToCloseTimeout: '10 minutes',
  // A worker killed in the middle must not keep the run from its first window for all of that time.
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds' },
});

export function invalidInput(issues: Issue[]): ApplicationFailure {
  return ApplicationFailure.nonRetryable(describeIssues(issues), 'InvalidInput', issues.slice(0, 100));
}

/**
 * Learns what must be known before the first window: who the customers are, which windows run already (they are
 * followed) and, if asked, which hours completed windows cover. Commands, queries and cancel work meanwhile. A
 * failure here is the run's.
 */
export async function prepare(
  run: BackfillRun,
  request: BackfillRequest,
  children: Children,
  showcase: Showcase,
): Promise<void> {
  try {
    showcase.searchAttributes = await registeredSearchAttributes(SEARCH_ATTRIBUTES);
    await learnCustomers(run, request);
    await tryCheck(run);
    await tryProbe(run);
    await findExisting(run, children);
    run.happened({ kind: 'prepared' });
  } catch (error) {
    run.fail(error);
  }
}

/** Who the customers are, if the directory must say; and their volumes, if windows are to be sized by them. */
export async function learnCustomers(run: BackfillRun, request: BackfillRequest): Promise<void> {
  if (request.customers === 'all') await askDirectory(run, request);
  else if (needVolumes(run.state)) await estimateVolumes(run, request.options);
}

function directoryQuery({ cluster, start, end }: BackfillRequest['options']): DirectoryQuery {
  const range = { start: formatDay(start), end: formatDay(end) };
  return cluster === undefined ? range : { ...range, cluster };
}

/** Without a directory, or with one that does not know, a customer starts with windows of a day. */
async function estimateVolumes(run: BackfillRun, options: BackfillRequest['options']): Promise<void> {
  try {
    const listed = await listCustomers(directoryQuery(options));
    const known = listed.flatMap(({ id, conversations }) =>
      conversations === undefined ? [] : [[id, conversations] as const],
    );
    run.happened({ kind: 'volumesEstimated', volumes: Object.fromEntries(known) });
  } catch (error) {
    if (lastingFault(error)?.type === 'DirectoryMissing') return;
    throw asInvalidInput(error, 'window.initial', 'a size, or "auto" with a customer directory that can be asked');
  }
}

/** What an activity found that another try would find again. */
export function lastingFault(error: unknown): ApplicationFailure | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  return cause instanceof ApplicationFailure && cause.nonRetryable ? cause : undefined;
}

function asInvalidInput(error: unknown, field: string, expected: string): unknown {
  const got = lastingFault(error)?.message;
  return got === undefined ? error : invalidInput([{ field, expected, got }]);
}

async function askDirectory(run: BackfillRun, { options, exclude }: BackfillRequest): Promise<void> {
  const query = directoryQuery(options);
  const listed = await listCustomers(query).catch((error: unknown) => {
    throw asInvalidInput(error, 'customers', '"all" with a customer directory that names some');
  });
  const left = listed.filter(({ id }) => !exclude.includes(id));
  if (left.length === 0) {
    const expected = `to leave some of the customers that the directory names for ${askedFor(query)}`;
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

  /** Looks if there are any; at once when nobody looks, else when the look under way is over. */
  look(): void {
    const unseen = this.run.state.customers.flatMap(({ unseen }, index) => (unseen ? [index] : []));
    if (this.looking || unseen.length === 0) return;
    this.looking = true;
    findExisting(this.run, this.children, unseen)
      .finally(() => {
        this.looking = false;
      })
      .then(() => this.run.happened({ kind: 'customersSeen', customers: unseen }))
      .catch((error) => this.run.fail(error));
  }
}

/** Of these customers (by index), or of all. */
async function findExisting(run: BackfillRun, children: Children, only?: number[]): Promise<void> {
  const { child, resume } = run.state.options;
  const customers = only?.map((index) => run.state.customers[index]!.id);
  const query = { prefix: child.workflowIdPrefix, completed: resume };
  const found = await findWindows(customers ? { ...query, customers } : query);
  const indexes = new Map(run.state.customers.map(({ id }, index) => [id, index]));
  for (const { customer: id, from, to, runId } of found.running) {
    const customer = indexes.get(id);
    const range = customer === undefined ? undefined : run.state.customers[customer]!;
    if (customer === undefined || !range || to <= range.start || from >= range.end) continue;
    // A customer that was removed and came back may have windows of this run.
    if (range.running.some((window) => window.from === from && window.to === to)) continue;
    run.happened({ kind: 'windowFound', customer, from, to, runId });
    children.follow({ customer, from, to });
  }
  if (!resume) return;
  const windows = found.completed.flatMap(({ customer: id, hours }) => {
    const customer = indexes.get(id);
    return customer === undefined ? [] : hours.map(([from, to]) => ({ customer, from, to }));
  });
  run.happened({ kind: 'completedWindowsFound', windows, count: found.completedWindows });
}
