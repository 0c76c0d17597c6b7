import type { Fields } from '../backfill/json.js';
import { nearest } from '../backfill/nearest.js';
import type { Cluster, DirectoryCustomer } from '../fleet/index.js';
import { counted } from '../presentation/lines/format.js';
import { type Customers, completeInput, DirectoryProblem, WrongInput, withDefaults } from '../runs/input.js';
import { EXIT } from './exit-codes.js';
import { badUsage, CommandProblem } from './problem.js';
import { idsIn, type RequestOptions, requestFields, sourceOf } from './request-fields.js';

/** A run's input, checked. */
export interface CheckedInput {
  readonly input: Fields;
  /** Its range; for `lastDays` what it would be today. */
  readonly range: { readonly start: string; readonly end: string };
  /** What the operator should know before it is used, such as customers that the cluster's directory does not have. */
  readonly warnings: readonly string[];
}

/**
 * The input of a cluster's run: the fleet's defaults, over them `--input`, over them the options; customers with the volumes
 * that the fleet's directory knows.
 *
 * @param file what `--input` holds, if it was given
 * @throws CommandProblem (exit code 2) with a line for each wrong field, by the option's name where one was given
 */
export async function requestFor(
  environment: NodeJS.ProcessEnv,
  cluster: Cluster,
  options: RequestOptions,
  file: Fields,
): Promise<CheckedInput> {
  try {
    const base = withDefaults(cluster, file);
    const given = { ...base, ...requestFields(options, base) };
    const { input, range, listed } = await completeInput(cluster, given, environment);
    const warnings = listed ? unknownCustomers(cluster, given.customers as Customers, options, listed) : [];
    return { input, range, warnings };
  } catch (error) {
    if (error instanceof WrongInput) throw wrongInput(error, cluster, options, file);
    if (!(error instanceof DirectoryProblem)) throw error;
    throw new CommandProblem(error.kind === 'empty' ? EXIT.error : EXIT.unreachable, error.message, { cause: error });
  }
}

function wrongInput({ issues, input }: WrongInput, { name }: Cluster, options: RequestOptions, file: Fields) {
  if (input === file) return badUsage(`--input: its cluster is ${issues[0]!.got}, but the run is for ${name}`);
  const wrong = issues.map(
    ({ field, expected, got }) => `${sourceOf(field, options, input)}: expected ${expected}, got ${got}`,
  );
  return badUsage(wrong.join('\n'));
}

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
