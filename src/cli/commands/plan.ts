import { randomUUID } from 'node:crypto';
import { WorkflowFailedError } from '@temporalio/client';
import { formatDuration } from '../../backfill/hours/duration.js';
import type { Plan } from '../../backfill/views/plan.js';
import type { Cluster, ClusterSession } from '../../fleet/index.js';
import { onOneLine } from '../../one-line.js';
import { WORKFLOW_TYPE } from '../../runs/run-names.js';
import { withDeadline } from '../../runs/time-limit.js';
import { hasWorker, noWorkerText } from '../../runs/workers.js';
import { type Cell, columns } from '../terminal/columns.js';
import { count, counted } from '../terminal/format.js';
import { type Line, styled } from '../terminal/line.js';
import { wrapped } from '../terminal/wrapping.js';
import type { AddCommand } from './add-command.js';
import { answer } from './answer.js';
import { onEach, selectClusters, valueIn, withClusters, withSessions } from './clusters.js';
import type { CommandContext } from './context.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { CommandProblem, isNoAnswer } from './problem.js';
import { inputsFor } from './request-input.js';
import { type RequestOptions, withRequestOptions } from './request-options.js';

/** A directory may be a slow query. */
const PLAN_LIMIT_MS = 60_000;
const MOST_CUSTOMERS = 40;

export const addPlan: AddCommand = (program, action) => {
  const command = withClusters(program.command('plan'))
    .summary('show what start would do; starts nothing')
    .description(
      'Show what backfill start with the same options would do: windows for each customer, duration, warnings.',
    );
  withRequestOptions(command).addHelpText(
    'after',
    `
Examples:
  backfill plan us-west-2-prod --month 2026-01
  backfill plan --month 2026-01 --window auto --parallelism 8`,
  );
  command.action(
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
  return withSessions(context, clusters, async (sessions) => {
    const plans = await onEach(sessions, async (session) => {
      const { input, warnings } = valueIn(inputs.get(session.cluster)!);
      for (const warning of warnings) context.say(warning);
      return { session, plan: await planOn(session, { ...input, dryRun: true }) };
    });
    return answer(context, plans, {
      lines: (values) =>
        values.flatMap(({ session, plan }, i) => [
          ...(i === 0 ? [] : [[]]),
          ...planLines(session.cluster.name, plan, context.columns),
        ]),
      fields: ({ plan }) => ({ plan }),
    });
  });
}

/** @throws CommandProblem when no worker polls, or the run would be refused */
export async function planOn(session: ClusterSession, input: object): Promise<Plan> {
  const { client, cluster } = session;
  const noWorker = () => new CommandProblem(EXIT.unreachable, noWorkerText(session));
  if (!(await hasWorker(session))) throw noWorker();
  // Not the prefix of runs: a plan must not count as the cluster's newest run.
  const workflowId = `backfillplan-${cluster.name}-${randomUUID().slice(0, 8)}`;
  try {
    return await withDeadline(
      client,
      () =>
        client.workflow.execute(WORKFLOW_TYPE, {
          workflowId,
          taskQueue: cluster.taskQueue,
          args: [input],
          // Leaves nothing behind if this process ends before a worker picks it up.
          workflowExecutionTimeout: PLAN_LIMIT_MS,
        }),
      PLAN_LIMIT_MS,
    );
  } catch (error) {
    if (isNoAnswer(error)) throw noWorker();
    if (!(error instanceof WorkflowFailedError)) throw error;
    throw new CommandProblem(EXIT.refused, `no plan: ${reasonOf(error)}`);
  }
}

function reasonOf({ cause, message }: WorkflowFailedError): string {
  const innermost = cause?.cause ?? cause;
  return onOneLine(innermost instanceof Error ? innermost.message : message);
}

export function planLines(cluster: string, plan: Plan, width: number): Line[] {
  const { totals, parallelism, criticalPath, range } = plan;
  const shown = plan.customers.slice(0, MOST_CUSTOMERS);
  const rows = shown.map(({ id, windows, window, conversations, durationMs }): Cell[] => [
    id,
    count(windows),
    window,
    conversations === null ? '?' : count(conversations),
    formatDuration(durationMs),
  ]);
  const right = { align: 'right' } as const;
  const table = columns(
    [
      { title: 'customer' },
      { title: 'windows', ...right },
      { title: 'size', ...right },
      { title: 'conversations', ...right },
      { title: 'alone', ...right },
    ],
    rows,
  );
  const more = totals.customers - shown.length;
  const adaptive = parallelism.adaptive ? ', adaptive' : '';
  const facts: Line[] = [
    [
      styled('windows   ', 'dim'),
      `${count(totals.windows)} for ${counted(totals.customers, 'customer')}, at most ${parallelism.max} at once${adaptive}`,
    ],
    [styled('duration  ', 'dim'), `about ${plan.expectedDuration}, if ${plan.assumption}`],
    ...(criticalPath
      ? [
          [
            styled('longest   ', 'dim'),
            `${criticalPath.customer}, ${counted(criticalPath.windows, 'window')} in ${formatDuration(criticalPath.durationMs)}`,
          ],
        ]
      : []),
  ];
  const warnings = plan.warnings.map((warning): Line => [styled('! ', 'yellow'), onOneLine(warning)]);
  return [
    ...wrapped([styled(cluster, 'bold'), `  plan for ${range.start} to ${range.end}; nothing has started`], width, 2),
    ...facts.flatMap((line) => wrapped(line, width, 10)),
    ...warnings.flatMap((line) => wrapped(line, width, 2)),
    ...table,
    ...(more > 0 ? [[styled(`and ${counted(more, 'more customer')}; --output json shows more`, 'dim')]] : []),
  ];
}
