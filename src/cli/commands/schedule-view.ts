import type { ScheduleDescription } from '@temporalio/client';
import type { Cluster } from '../../fleet/index.js';
import { onOneLine } from '../../one-line.js';
import { fact, LABEL_WIDTH, type Line, styled } from '../../presentation/lines/line.js';
import { wrapped } from '../../presentation/lines/wrapping.js';

/** A cluster's schedule, as lines for a terminal. */
export function scheduleLines(cluster: Cluster, description: ScheduleDescription, width: number): Line[] {
  const { state, info } = description;
  const latest = info.recentActions.at(-1);
  const facts: Line[] = [
    [
      styled(cluster.name, 'bold'),
      `  ${description.scheduleId}  `,
      state.paused ? styled('paused', 'yellow') : 'active',
    ],
    ...(state.note ? [fact('why', onOneLine(state.note))] : []),
    fact('starts', `the last ${inputOf(description).lastDays ?? '?'} days at ${timeOf(description)}`),
    fact('next', state.paused ? 'none while paused' : (info.nextActionTimes[0]?.toISOString() ?? 'none')),
    fact('latest', latest ? `${latest.takenAt.toISOString()} ${workflowOf(latest)}` : 'none so far'),
    ...(info.numActionsSkippedOverlap > 0
      ? [fact('skipped', `${info.numActionsSkippedOverlap}, because the previous run was still open`)]
      : []),
  ];
  return facts.flatMap((line) => wrapped(line, width, LABEL_WIDTH));
}

/** A cluster's schedule in JSON output. */
export function scheduleFields(description: ScheduleDescription): object {
  const { scheduleId, state, info } = description;
  return {
    scheduleId,
    paused: state.paused,
    note: state.note ?? null,
    at: timeOf(description),
    lastDays: inputOf(description).lastDays ?? null,
    next: info.nextActionTimes.slice(0, 5).map((time) => time.toISOString()),
    latest: info.recentActions.map((one) => ({ at: one.takenAt.toISOString(), workflowId: workflowOf(one) })),
    skipped: info.numActionsSkippedOverlap,
  };
}

const inputOf = ({ action }: ScheduleDescription): { lastDays?: number } =>
  (action.type === 'startWorkflow' ? (action.args?.[0] as { lastDays?: number }) : undefined) ?? {};

function timeOf({ spec }: ScheduleDescription): string {
  const two = (value: unknown) => String(value ?? 0).padStart(2, '0');
  const [calendar] = spec.calendars ?? [];
  return `${two(calendar?.hour?.[0]?.start)}:${two(calendar?.minute?.[0]?.start)} ${spec.timezone ?? 'UTC'}`;
}

const workflowOf = ({ action }: ScheduleDescription['info']['recentActions'][number]): string =>
  action.type === 'startWorkflow' ? action.workflow.workflowId : '';
