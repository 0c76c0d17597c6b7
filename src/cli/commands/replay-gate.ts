import { onOneLine } from '../../one-line.js';
import { EXIT } from '../../operations/exit-codes.js';
import { type Line, styled } from '../../presentation/lines/line.js';
import type { GateFinding } from '../../replay-gate/replay-gate.js';
import { type AddCommand, withExamples } from './add-command.js';
import { answer } from './answer.js';
import { onEach, selectClusters, withClusters, withSessions } from './clusters.js';

interface Gated {
  readonly cluster: string;
  readonly findings: readonly GateFinding[];
}

export const addReplayGate: AddCommand = (program, action) => {
  const command = withClusters(program.command('replay-gate'))
    .summary('check that this build can continue all open runs')
    .description(
      'Check, before this build becomes current, that it can continue each run that is open now: it replays the run’s ' +
        'history, or takes over the state of a run that is pinned to its own build. Changes nothing. Exit code 1 if it ' +
        'cannot continue a run.',
    );
  withExamples(
    command,
    'backfill replay-gate us-west-2-prod',
    "backfill replay-gate --output json | jq '.clusters[].runs[] | select(.problem)'",
  ).action(
    action(async (context, [names = []]) => {
      const clusters = await selectClusters(context, names);
      // The worker's native library takes a while to load, which no other command needs.
      const { withReplayGate } = await import('../../replay-gate/quietly.js');
      const gated = await withSessions(context, clusters, (sessions) =>
        withReplayGate((gate) =>
          onEach(
            sessions,
            async ({ client, cluster }): Promise<Gated> => ({
              cluster: cluster.name,
              findings: await gate(client, cluster.taskQueue),
            }),
          ),
        ),
      );
      context.signal.throwIfAborted();
      return answer(context, gated, {
        lines: (values) => values.flatMap(linesOf),
        fields: ({ findings }) => ({ runs: findings }),
        exitCode: ({ findings }) => (findings.some(({ problem }) => problem) ? EXIT.error : EXIT.done),
      });
    }),
  );
};

function linesOf({ cluster, findings }: Gated): Line[] {
  const lines = findings.map(({ workflowId, problem, ...finding }): Line => {
    if (problem === undefined) return ['  ', styled('✓', 'green'), ` ${workflowId}  ${said(finding)}`];
    return ['  ', styled('✗', 'red'), ` ${workflowId}  this build cannot continue it: ${onOneLine(problem)}`];
  });
  return [[styled(cluster, 'bold')], ...(lines.length === 0 ? [['  no open run'] as Line] : lines)];
}

function said({ checked, events, pinnedTo }: Omit<GateFinding, 'workflowId'>): string {
  return checked === 'state' ? `takes over the state of build ${pinnedTo}` : `replays ${events} events`;
}
