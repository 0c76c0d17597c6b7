import { nearest } from '../../backfill/nearest.js';
import { settleLastDays } from '../../backfill/request/last-days.js';
import { parseRequest } from '../../backfill/request/request.js';
import { mergeDefaults } from '../../fleet/defaults.js';
import { type Fields, isFields } from '../../fleet/fields.js';
import { type Cluster, customersOf, type DirectoryCustomer } from '../../fleet/index.js';
import { errorText } from '../terminal/error-text.js';
import { counted } from '../terminal/format.js';
import { type Outcome, onEach, outcomesFor } from './clusters.js';
import type { CommandContext } from './context.js';
import { EXIT } from './exit-codes.js';
import { jsonInput } from './json-input.js';
import { badUsage, CommandProblem } from './problem.js';
import { idsIn, type RequestOptions, requestFields, sourceOf } from './request-options.js';

/** A run's input, checked. */
export interface CheckedInput {
  readonly input: Fields;
  /** Its range; for `lastDays` what it would be today. */
  readonly range: { readonly start: string; readonly end: string };
  /** What the operator should know before it is used, such as customers that the cluster's directory does not have. */
  readonly warnings: readonly string[];
}

/**
 * The input of each cluster's run.
 *
 * @throws CommandProblem (exit code 2) for a mistake on the command line; a directory that does not answer is only its
 *   cluster's problem
 */
export async function inputsFor(
  context: CommandContext,
  clusters: readonly Cluster[],
  options: RequestOptions,
): Promise<Map<Cluster, Outcome<CheckedInput>>> {
  const file = await inputFile(context, options);
  const outcomes = await onEach(outcomesFor(clusters), (cluster) => requestFor(context, cluster, options, file));
  for (const outcome of outcomes)
    if ('problem' in outcome && outcome.problem.exitCode === EXIT.usage) throw outcome.problem;
  return new Map(outcomes.map((outcome) => [outcome.cluster, outcome]));
}

/**
 * The input of a cluster's run: the fleet's defaults, over them `--input`, over them the options; customers with the volumes
 * that the fleet's directory knows.
 *
 * @param file what `--input` holds, if it was given
 * @throws CommandProblem (exit code 2) with a line for each wrong field, by the option's name where one was given
 */
export async function requestFor(
  context: Pick<CommandContext, 'environment'>,
  cluster: Cluster,
  options: RequestOptions,
  file: Fields,
): Promise<CheckedInput> {
  const base = mergeDefaults(cluster.defaults, file);
  if (!cluster.connection.environment) {
    if (file.cluster !== undefined && file.cluster !== cluster.name) {
      throw badUsage(`--input: its cluster is ${JSON.stringify(file.cluster)}, but the run is for ${cluster.name}`);
    }
    base.cluster = cluster.name;
  }
  const given = { ...base, ...requestFields(options, base) };
  // Checked before the directory is asked, which needs a range, and again with the directory's customers.
  check(given, options);
  const { start, end } = settleLastDays(given, Date.now()) as { start: string; end: string };
  const range = { start, end };
  const listed = await directoryOf(context, cluster, range);
  if (!listed) return { input: given, range, warnings: [] };
  if (given.customers === 'all' && listed.length === 0) {
    const empty = `its customer directory has no customers for ${start} to ${end}`;
    throw new CommandProblem(EXIT.error, `${empty}; check these days, and directory in the fleet file`);
  }
  const input = { ...given, customers: withVolumes(given.customers as Customers, listed) };
  check(input, options);
  return { input, range, warnings: unknownCustomers(cluster, given.customers as Customers, options, listed) };
}

async function directoryOf(
  context: Pick<CommandContext, 'environment'>,
  cluster: Cluster,
  range: { start: string; end: string },
) {
  try {
    return await customersOf(cluster, range, context.environment);
  } catch (error) {
    throw new CommandProblem(EXIT.unreachable, `its customer directory: ${errorText(error)}`, { cause: error });
  }
}

type Customers = 'all' | (string | Fields)[];

const MOST_NAMED = 5;

/** Warnings about names that the directory does not have, which are most likely typos. */
function unknownCustomers(
  { name }: Cluster,
  customers: Customers,
  { exclude = '' }: RequestOptions,
  listed: readonly DirectoryCustomer[],
): string[] {
  const ids = listed.map(({ id }) => id);
  const known = new Set(ids);
  const unknown = [...(customers === 'all' ? [] : idsOf(customers)), ...idsIn(exclude)].filter((id) => !known.has(id));
  const warnings = unknown.slice(0, MOST_NAMED).map((id) => {
    const suggestion = nearest(id, ids);
    return `${name}'s directory has no ${id}${suggestion ? `; did you mean ${suggestion}?` : ''}`;
  });
  const rest = unknown.length - warnings.length;
  return rest === 0 ? warnings : [...warnings, `${name}'s directory also lacks ${counted(rest, 'more customer')}`];
}

const idsOf = (customers: (string | Fields)[]) =>
  customers.map((customer) => (typeof customer === 'string' ? customer : (customer.id as string)));

/** With the volumes that a directory knows: of the whole range, so that they say nothing of a customer with its own. */
export function withVolumes(requested: Customers, listed: readonly DirectoryCustomer[]): readonly object[] {
  if (requested === 'all') return listed;
  const directory = new Map(listed.map((customer) => [customer.id, customer]));
  return requested.map((customer) => {
    const own: Fields = typeof customer === 'string' ? { id: customer } : customer;
    return 'start' in own || 'end' in own ? own : { ...directory.get(own.id as string), ...own };
  });
}

/** `--input`, read once for all clusters. */
export async function inputFile(context: CommandContext, { input }: RequestOptions): Promise<Fields> {
  if (input === undefined) return {};
  const value = await jsonInput(context, input);
  if (!isFields(value))
    throw badUsage(`--input: expected one JSON object, got ${Array.isArray(value) ? 'a list' : value}`);
  return value;
}

function check(input: Fields, options: RequestOptions): void {
  const parsed = parseRequest(settleLastDays(input, Date.now()));
  if (parsed.ok) return;
  const wrong = parsed.issues.map(
    ({ field, expected, got }) => `${sourceOf(field, options, input)}: expected ${expected}, got ${got}`,
  );
  throw badUsage(wrong.join('\n'));
}
