import type { Fields } from '../backfill/json.js';
import { describeIssues, type Issue } from '../backfill/request/issue.js';
import { settleLastDays } from '../backfill/request/last-days.js';
import { parseRequest } from '../backfill/request/request.js';
import { mergeDefaults } from '../fleet/defaults.js';
import { type Cluster, customersOf, type DirectoryCustomer } from '../fleet/index.js';
import type { ReadyInput } from './start.js';

/** An input with wrong fields. */
export class WrongInput extends Error {
  override readonly name = 'WrongInput';

  constructor(
    readonly issues: readonly Issue[],
    readonly input: Fields,
  ) {
    super(describeIssues(issues));
  }
}

/** The cluster's customer directory did not answer, or has no customers in the range. */
export class DirectoryProblem extends Error {
  override readonly name = 'DirectoryProblem';

  constructor(
    message: string,
    readonly kind: 'unanswered' | 'empty',
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * What is given, over the fleet file's defaults for the cluster, and labelled with the cluster.
 *
 * @throws WrongInput for the label of another cluster
 */
export function withDefaults(cluster: Cluster, given: Fields): Fields {
  const input = mergeDefaults(cluster.defaults, given);
  if (cluster.connection.environment) return input;
  const got = given.cluster;
  if (got !== undefined && got !== cluster.name) {
    throw new WrongInput(
      [{ field: 'cluster', expected: JSON.stringify(cluster.name), got: JSON.stringify(got) }],
      given,
    );
  }
  return { ...input, cluster: cluster.name };
}

export interface CompleteInput extends ReadyInput {
  /** The customers of the cluster's directory; undefined where the fleet file has none. */
  readonly listed: readonly DirectoryCustomer[] | undefined;
}

/**
 * Checks an input with its defaults, and completes it with the customers and volumes that the cluster's directory knows.
 *
 * @throws WrongInput or DirectoryProblem
 */
export async function completeInput(
  cluster: Cluster,
  input: Fields,
  environment: NodeJS.ProcessEnv,
): Promise<CompleteInput> {
  // Checked before the directory is asked, which needs a range, and again with the directory's customers.
  check(input);
  const { start, end } = settleLastDays(input, Date.now()) as { start: string; end: string };
  const range = { start, end };
  const listed = await customersOf(cluster, range, environment).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DirectoryProblem(`its customer directory: ${reason}`, 'unanswered', { cause });
  });
  if (!listed) return { input, range, listed };
  if (input.customers === 'all' && listed.length === 0) {
    const empty = `its customer directory has no customers for ${start} to ${end}`;
    throw new DirectoryProblem(`${empty}; check these days, and directory in the fleet file`, 'empty');
  }
  const complete = { ...input, customers: withVolumes(input.customers as Customers, listed) };
  check(complete);
  return { input: complete, range, listed };
}

export type Customers = 'all' | (string | Fields)[];

/** With the volumes that a directory knows: of the whole range, so that they say nothing of a customer with its own. */
export function withVolumes(requested: Customers, listed: readonly DirectoryCustomer[]): readonly object[] {
  if (requested === 'all') return listed;
  const directory = new Map(listed.map((customer) => [customer.id, customer]));
  return requested.map((customer) => {
    const own: Fields = typeof customer === 'string' ? { id: customer } : customer;
    return 'start' in own || 'end' in own ? own : { ...directory.get(own.id as string), ...own };
  });
}

function check(input: Fields): void {
  const parsed = parseRequest(settleLastDays(input, Date.now()));
  if (!parsed.ok) throw new WrongInput(parsed.issues, input);
}
