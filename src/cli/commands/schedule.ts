import { ScheduleAlreadyRunning, ScheduleNotFoundError, ScheduleOverlapPolicy } from '@temporalio/client';
import type { Command } from 'commander';
import { MAX_DAYS } from '../../backfill/request/last-days.js';
import type { Cluster, ClusterSession } from '../../fleet/index.js';
import { operatorName } from '../../fleet/operator-name.js';
import { EXIT, type ExitCode } from '../../operations/exit-codes.js';
import { badUsage, CommandProblem } from '../../operations/problem.js';
import type { RequestOptions } from '../../operations/request-fields.js';
import { requestFor } from '../../operations/request-input.js';
import { type Line, styled } from '../../presentation/lines/line.js';
import { NIGHTLY, RUN_PREFIX, WORKFLOW_TYPE } from '../../runs/run-names.js';
import { withDeadline } from '../../runs/time-limit.js';
import { type Action, type AddCommand, withExamples } from './add-command.js';
import { answerOfEach } from './answer.js';
import { selectClusters, withClusters } from './clusters.js';
import type { CommandContext } from './context.js';
import { inputFile } from './request-input.js';
import { withRequestOptions } from './request-options.js';
import { scheduleFields, scheduleLines } from './schedule-view.js';
import { wholeNumber } from './whole-number.js';

interface CreateOptions extends RequestOptions {
  lastDays: number;
  at: string;
  timeZone: string;
  all?: boolean;
}

interface ScheduleOptions {
  all?: boolean;
  reason?: string;
}

/** The ID of the cluster's one schedule, with which its runs' workflow ids begin. */
const scheduleId = ({ name }: Cluster) => `${RUN_PREFIX}${name}-${NIGHTLY}`;

const handleOf = ({ client, cluster }: ClusterSession) => client.schedule.getHandle(scheduleId(cluster));

/** A night's run that waits for an operator ends before the next night's begins. */
const OPERATOR_TIMEOUT = '12h';
/** If the server is away for longer, the night is skipped: the next one covers most of the same days. */
const CATCHUP_WINDOW = '6h';

export const addSchedule: AddCommand = (program, action) => {
  const schedule = program
    .command('schedule')
    .summary('backfill the last days of a cluster every night')
    .description(
      'Manage a Temporal Schedule for each cluster that starts a run over its last days every night, unless the previous ' +
        'run is still open.',
    );
  withExamples(
    schedule,
    'backfill schedule create us-west-2-prod --last-days 3 --at 02:00 --time-zone America/Los_Angeles',
    'backfill schedule show',
    'backfill schedule pause us-west-2-prod --reason "database upgrade"',
    'backfill schedule delete us-west-2-prod --yes',
  );
  addCreate(schedule, action);
  withClusters(schedule.command('show').summary('show the schedules, with their latest and next runs')).action(
    action(async (context, [names = []]) => {
      const clusters = await selectClusters(context, names);
      return onSchedules(context, clusters, async (session) => session);
    }),
  );
  addPauseOrResume(schedule, action, 'pause');
  addPauseOrResume(schedule, action, 'resume');
  addDelete(schedule, action);
};

const changing = (command: Command): Command =>
  withClusters(command, { changes: true }).option('--all', 'every cluster of the fleet');

function addCreate(schedule: Command, action: Action): void {
  const command = changing(schedule.command('create').summary('create the schedule, or replace what it starts'))
    .requiredOption('--last-days <n>', 'how many whole UTC days each run covers', wholeNumber(1, MAX_DAYS))
    .option('--at <time>', 'when, as hours and minutes', '02:00')
    .option('--time-zone <zone>', 'the time zone of --at', 'UTC');
  withRequestOptions(command, { range: false });
  command.action(
    action(async (context, [names = []], { all, ...options }: CreateOptions) => {
      const calendar = calendarOf(options);
      const clusters = await selectClusters(context, names, { all, changes: true });
      const file = await inputFile(context, options);
      const inputs = new Map<Cluster, object>();
      for (const cluster of clusters) {
        const base = { operatorTimeout: OPERATOR_TIMEOUT, ...file };
        inputs.set(cluster, (await requestFor(context.environment, cluster, options, base)).input);
      }
      return onSchedules(context, clusters, async (session) => {
        const { cluster, client } = session;
        const spec = { calendars: [calendar], timezone: options.timeZone };
        const workflow = {
          type: 'startWorkflow' as const,
          workflowType: WORKFLOW_TYPE,
          workflowId: scheduleId(cluster),
          taskQueue: cluster.taskQueue,
          args: [inputs.get(cluster)],
        };
        const policies = { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: CATCHUP_WINDOW } as const;
        await withDeadline(client, async () => {
          try {
            await client.schedule.create({ scheduleId: scheduleId(cluster), spec, action: workflow, policies });
          } catch (error) {
            if (!(error instanceof ScheduleAlreadyRunning)) throw error;
            await handleOf(session).update(({ state }) => ({ spec, action: workflow, policies, state }));
          }
        });
      });
    }),
  );
}

function addPauseOrResume(schedule: Command, action: Action, name: 'pause' | 'resume'): void {
  const summary = name === 'pause' ? 'start no more runs' : 'start runs again';
  changing(schedule.command(name).summary(summary))
    .option('--reason <text>', 'why, for schedule show')
    .action(
      action(async (context, [names = []], { all, reason }: ScheduleOptions) => {
        const clusters = await selectClusters(context, names, { all, changes: true });
        return onSchedules(context, clusters, async (session) => {
          const handle = handleOf(session);
          await withDeadline(session.client, async () => {
            const { state } = await handle.describe();
            // A second pause without a reason must not overwrite the reason of the first.
            if (reason === undefined && state.paused === (name === 'pause')) return;
            const note = reason ?? `${name}d by ${operatorName(context.environment)}`;
            await (name === 'pause' ? handle.pause(note) : handle.unpause(note));
          });
        });
      }),
    );
}

function addDelete(schedule: Command, action: Action): void {
  changing(schedule.command('delete').summary('delete the schedule; a run that has started continues')).action(
    action(async (context, [names = []], { all }: ScheduleOptions) => {
      const clusters = await selectClusters(context, names, { all, changes: true });
      await context.confirm(`delete the schedule of ${clusters.map(({ name }) => name).join(', ')}`);
      const deleted = async (session: ClusterSession): Promise<Cluster> => {
        await withDeadline(session.client, () => handleOf(session).delete()).catch(asMissing(session.cluster));
        return session.cluster;
      };
      return answerOfEach(context, clusters, deleted, {
        lines: (all) => all.map((cluster): Line => [styled(cluster.name, 'bold'), `  ${scheduleId(cluster)} deleted`]),
        fields: (cluster) => ({ scheduleId: scheduleId(cluster), deleted: true }),
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

/** Does something to each cluster's schedule, and shows the schedules as they are afterwards. */
function onSchedules(
  context: CommandContext,
  clusters: readonly Cluster[],
  work: (session: ClusterSession) => Promise<unknown>,
): Promise<ExitCode> {
  const described = async (session: ClusterSession) => {
    const { client, cluster } = session;
    try {
      await work(session);
      return { cluster, description: await withDeadline(client, () => handleOf(session).describe()) };
    } catch (error) {
      return asMissing(cluster)(error);
    }
  };
  return answerOfEach(context, clusters, described, {
    lines: (all) => all.flatMap(({ cluster, description }) => scheduleLines(cluster, description, context.columns)),
    fields: ({ description }) => scheduleFields(description),
  });
}

const asMissing =
  ({ name }: Cluster) =>
  (error: unknown): never => {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    const how = `backfill schedule create ${name} --last-days 3`;
    throw new CommandProblem(EXIT.noRun, `${name} has no schedule; create one with ${how}`, { cause: error });
  };
