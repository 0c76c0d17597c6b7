import {
  ScheduleAlreadyRunning,
  type ScheduleDescription,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import type { Command } from 'commander';
import { MAX_DAYS } from '../../backfill/request/last-days.js';
import type { Cluster, ClusterSession } from '../../fleet/index.js';
import type { Action, AddCommand } from '../command-line.js';
import { type Line, onOneLine, styled } from '../terminal/line.js';
import { wrapped } from '../terminal/wrapping.js';
import { answer } from './answer.js';
import { onEach, selectClusters, withSessions } from './clusters.js';
import type { CommandContext } from './context.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { wholeNumber } from './number.js';
import { operatorName } from './operator-name.js';
import { within } from './patience.js';
import { badUsage, CommandProblem } from './problem.js';
import { inputFile, requestFor } from './request-input.js';
import { type RequestOptions, withRequestOptions } from './request-options.js';
import { NIGHTLY, RUN_PREFIX, WORKFLOW_TYPE } from './run-names.js';

interface CreateOptions extends RequestOptions {
  lastDays: number;
  at: string;
  timeZone: string;
  all?: boolean;
}

interface Names {
  all?: boolean;
  reason?: string;
}

/** Of the cluster's one schedule, and the beginning of its runs' workflow ids. */
const scheduleId = ({ name }: Cluster) => `${RUN_PREFIX}${name}-${NIGHTLY}`;

/** A night's run that waits for a person makes way for the next night's before that begins. */
const OPERATOR_TIMEOUT = '12h';
/** A server that was away for longer leaves the night out: the next one has most of the same days. */
const CATCHUP_WINDOW = '6h';

export const addSchedule: AddCommand = (program, action) => {
  const schedule = program
    .command('schedule')
    .summary('backfill the last days of a cluster every night')
    .description(
      "A Temporal Schedule for each cluster that starts a run over its last days every night, unless the night before's still runs.",
    )
    .addHelpText(
      'after',
      `
Examples:
  backfill schedule create us-west-2-prod --last-days 3 --at 02:00 --time-zone America/Los_Angeles
  backfill schedule show
  backfill schedule pause us-west-2-prod --reason "database upgrade"
  backfill schedule delete us-west-2-prod --yes`,
    );
  addCreate(schedule, action);
  schedule
    .command('show')
    .summary('the schedules, and when they ran and will run')
    .argument('[clusters...]', 'default: all of the fleet')
    .action(
      action(async (context, [names = []]) => {
        const clusters = await selectClusters(context, names);
        return onSchedules(context, clusters, async (session) => session);
      }),
    );
  for (const [name, summary] of [
    ['pause', 'start no more runs'],
    ['resume', 'start runs again'],
  ] as const) {
    named(schedule.command(name).summary(summary))
      .option('--reason <text>', 'why, for whoever looks at it')
      .action(
        action(async (context, [names = []], { all, reason }: Names) => {
          const clusters = await selectClusters(context, names, { all, changes: true });
          return onSchedules(context, clusters, async (session) => {
            const handle = session.client.schedule.getHandle(scheduleId(session.cluster));
            await within(session.client, async () => {
              const { state } = await handle.describe();
              // Whoever paused it first had a reason, which a second pause without one would take away.
              if (reason === undefined && state.paused === (name === 'pause')) return;
              const note = reason ?? `${name}d by ${operatorName(context.environment)}`;
              await (name === 'pause' ? handle.pause(note) : handle.unpause(note));
            });
          });
        }),
      );
  }
  named(schedule.command('delete').summary('delete it; a run that has started goes on')).action(
    action(async (context, [names = []], { all }: Names) => {
      const clusters = await selectClusters(context, names, { all, changes: true });
      await context.confirm(`delete the schedule of ${clusters.map(({ name }) => name).join(', ')}`);
      return withSessions(context, clusters, async (sessions) => {
        const deleted = await onEach(sessions, async (session) => {
          await within(session.client, () =>
            session.client.schedule.getHandle(scheduleId(session.cluster)).delete(),
          ).catch(missing(session.cluster));
          return session.cluster;
        });
        return answer(context, deleted, {
          lines: (clusters) =>
            clusters.map((cluster): Line => [styled(cluster.name, 'bold'), `  ${scheduleId(cluster)} deleted`]),
          fields: (cluster) => ({ scheduleId: scheduleId(cluster), deleted: true }),
        });
      });
    }),
  );
};

const named = (command: Command): Command =>
  command
    .argument('[clusters...]', 'of the fleet file; needed if it has more than one')
    .option('--all', 'every cluster of the fleet');

function addCreate(schedule: Command, action: Action): void {
  const command = named(schedule.command('create').summary('create it, or replace what it starts'))
    .requiredOption('--last-days <n>', 'how many whole UTC days each run goes back', wholeNumber(1, MAX_DAYS))
    .option('--at <time>', 'when, as hours and minutes', '02:00')
    .option('--time-zone <zone>', 'of --at', 'UTC');
  withRequestOptions(command, { range: false });
  command.action(
    action(async (context, [names = []], { all, ...options }: CreateOptions) => {
      const calendar = calendarOf(options);
      const clusters = await selectClusters(context, names, { all, changes: true });
      const file = await inputFile(context, options);
      const inputs = new Map<Cluster, object>();
      for (const cluster of clusters) {
        const base = { operatorTimeout: OPERATOR_TIMEOUT, ...file };
        inputs.set(cluster, (await requestFor(context, cluster, options, base)).input);
      }
      return onSchedules(context, clusters, async (session) => {
        const { cluster, client } = session;
        const spec = { calendars: [calendar], timezone: options.timeZone };
        const workflow = {
          ...{ type: 'startWorkflow' as const, workflowType: WORKFLOW_TYPE, workflowId: scheduleId(cluster) },
          ...{ taskQueue: cluster.taskQueue, args: [inputs.get(cluster)] },
        };
        const policies = { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: CATCHUP_WINDOW } as const;
        await within(client, async () => {
          try {
            await client.schedule.create({ scheduleId: scheduleId(cluster), spec, action: workflow, policies });
          } catch (error) {
            if (!(error instanceof ScheduleAlreadyRunning)) throw error;
            await client.schedule
              .getHandle(scheduleId(cluster))
              .update(({ state }) => ({ spec, action: workflow, policies, state }));
          }
        });
      });
    }),
  );
}

function calendarOf({ at, timeZone }: CreateOptions): { hour: number; minute: number } {
  const [, hour, minute] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(at) ?? [];
  if (hour === undefined) throw badUsage(`--at: expected a time of day such as 02:00, got ${at}`);
  try {
    new Intl.DateTimeFormat('en', { timeZone });
  } catch {
    throw badUsage(`--time-zone: expected an IANA time zone such as Europe/Berlin, got ${timeZone}`);
  }
  return { hour: Number(hour), minute: Number(minute) };
}

/** Does something to each cluster's schedule, and shows the schedules as they are then. */
function onSchedules(
  context: CommandContext,
  clusters: readonly Cluster[],
  work: (session: ClusterSession) => Promise<unknown>,
): Promise<ExitCode> {
  return withSessions(context, clusters, async (sessions) => {
    const described = await onEach(sessions, async (session) => {
      const { client, cluster } = session;
      try {
        await work(session);
        const description = await within(client, () => client.schedule.getHandle(scheduleId(cluster)).describe());
        return { cluster, description };
      } catch (error) {
        return missing(cluster)(error);
      }
    });
    return answer(context, described, {
      lines: (all) => all.flatMap(({ cluster, description }) => linesOf(cluster, description, context.columns)),
      fields: ({ description }) => fieldsOf(description),
    });
  });
}

const missing =
  ({ name }: Cluster) =>
  (error: unknown): never => {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    const how = `backfill schedule create ${name} --last-days 3`;
    throw new CommandProblem(EXIT.noRun, `${name} has no schedule; create one with ${how}`, { cause: error });
  };

function linesOf(cluster: Cluster, description: ScheduleDescription, width: number): Line[] {
  const { state, info } = description;
  const latest = info.recentActions.at(-1);
  const facts: Line[] = [
    [
      styled(cluster.name, 'bold'),
      `  ${description.scheduleId}  `,
      state.paused ? styled('paused', 'yellow') : 'active',
    ],
    ...(state.note ? [[styled('why       ', 'dim'), onOneLine(state.note)]] : []),
    [styled('starts    ', 'dim'), `${lastDaysOf(description)} at ${timeOf(description)}`],
    [
      styled('next      ', 'dim'),
      state.paused ? 'none while paused' : (info.nextActionTimes[0]?.toISOString() ?? 'none'),
    ],
    [styled('latest    ', 'dim'), latest ? `${latest.takenAt.toISOString()} ${workflowOf(latest)}` : 'none so far'],
    ...(info.numActionsSkippedOverlap > 0
      ? [[styled('skipped   ', 'dim'), `${info.numActionsSkippedOverlap}, since the run before was still open`]]
      : []),
  ];
  return facts.flatMap((line) => wrapped(line, width, 10));
}

const inputOf = ({ action }: ScheduleDescription): { lastDays?: number } =>
  (action.type === 'startWorkflow' ? (action.args?.[0] as { lastDays?: number }) : undefined) ?? {};

const lastDaysOf = (description: ScheduleDescription) => `the last ${inputOf(description).lastDays ?? '?'} days`;

function timeOf({ spec }: ScheduleDescription): string {
  const two = (value: unknown) => String(value ?? 0).padStart(2, '0');
  const [calendar] = spec.calendars ?? [];
  return `${two(calendar?.hour?.[0]?.start)}:${two(calendar?.minute?.[0]?.start)} ${spec.timezone ?? 'UTC'}`;
}

const workflowOf = ({ action }: ScheduleDescription['info']['recentActions'][number]): string =>
  action.type === 'startWorkflow' ? action.workflow.workflowId : '';

function fieldsOf(description: ScheduleDescription): object {
  const { scheduleId, state, info } = description;
  return {
    ...{ scheduleId, paused: state.paused, note: state.note ?? null, at: timeOf(description) },
    lastDays: inputOf(description).lastDays ?? null,
    next: info.nextActionTimes.slice(0, 5).map((time) => time.toISOString()),
    latest: info.recentActions.map((one) => ({ at: one.takenAt.toISOString(), workflowId: workflowOf(one) })),
    skipped: info.numActionsSkippedOverlap,
  };
}
