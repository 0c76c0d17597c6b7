import type { Cluster, ClusterSession } from '../../fleet/index.js';
import type { ExitCode } from '../../operations/exit-codes.js';
import { planOn } from '../../operations/plan-run.js';
import type { RequestOptions } from '../../operations/request-fields.js';
import { planLines } from '../../presentation/status/plan-view.js';
import { type AddCommand, withExamples } from './add-command.js';
import { answerOfEach, inBlocks } from './answer.js';
import { selectClusters, valueIn, withClusters } from './clusters.js';
import type { CommandContext } from './context.js';
import { inputsFor } from './request-input.js';
import { withRequestOptions } from './request-options.js';

export const addPlan: AddCommand = (program, action) => {
  const command = withClusters(program.command('plan'))
    .summary('show what start would do; starts nothing')
    .description(
      'Show what backfill start with the same options would do: windows for each customer, duration, warnings.',
    );
  withExamples(
    withRequestOptions(command),
    'backfill plan us-west-2-prod --month 2026-01',
    'backfill plan --month 2026-01 --window auto --parallelism 8',
  ).action(
    action(async (context, [names = []], options: RequestOptions) =>
      planRuns(context, await selectClusters(context, names), options),
    ),
  );
};

/** Shows the plan of each cluster, made by its own worker, so that the worker's directory and version count. */
export async function planRuns(
  context: CommandContext,
  clusters: readonly Cluster[],
  options: RequestOptions,
): Promise<ExitCode> {
  const inputs = await inputsFor(context, clusters, options);
  const planFor = async (session: ClusterSession) => {
    const { input, warnings } = valueIn(inputs.get(session.cluster)!);
    for (const warning of warnings) context.say(warning);
    return { name: session.cluster.name, plan: await planOn(session, { ...input, dryRun: true }) };
  };
  return answerOfEach(context, clusters, planFor, {
    lines: (plans) => inBlocks(plans.map(({ name, plan }) => planLines(name, plan, context.columns))),
    fields: ({ plan }) => ({ plan }),
  });
}
