import { type Fields, isFields } from '../../backfill/json.js';
import type { Cluster } from '../../fleet/index.js';
import { EXIT } from '../../operations/exit-codes.js';
import { badUsage } from '../../operations/problem.js';
import type { RequestOptions } from '../../operations/request-fields.js';
import { type CheckedInput, requestFor } from '../../operations/request-input.js';
import { type Outcome, onEach, outcomesFor } from './clusters.js';
import type { CommandContext } from './context.js';
import { jsonInput } from './json-input.js';

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
  const outcomes = await onEach(outcomesFor(clusters), (cluster) =>
    requestFor(context.environment, cluster, options, file),
  );
  for (const outcome of outcomes)
    if ('problem' in outcome && outcome.problem.exitCode === EXIT.usage) throw outcome.problem;
  return new Map(outcomes.map((outcome) => [outcome.cluster, outcome]));
}

/** `--input`, read once for all clusters. */
export async function inputFile(context: CommandContext, { input }: RequestOptions): Promise<Fields> {
  if (input === undefined) return {};
  const value = await jsonInput(context, input);
  if (!isFields(value))
    throw badUsage(`--input: expected one JSON object, got ${Array.isArray(value) ? 'a list' : value}`);
  return value;
}
