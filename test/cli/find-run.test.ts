import { describe, expect, it } from 'vitest';
import { findRun } from '../../src/cli/commands/runs.js';
import type { ClusterSession } from '../../src/fleet/index.js';

/** A cluster with so many open and closed runs, as Temporal lists them: the open ones first, then those that closed last. */
function clusterWith({ open, closed }: { open: number; closed: number }): {
  session: ClusterSession;
  listed: string[];
} {
  const listed: string[] = [];
  const runs = Array.from({ length: open + closed }, (_, i) => ({
    workflowId: `backfillscorecards-run-${i}`,
    runId: 'run',
    type: 'backfillScorecards',
    taskQueue: 'backfill-scorecards',
    status: { name: i < open ? 'RUNNING' : 'COMPLETED' },
    startTime: new Date(Date.UTC(2026, 0, 1) - i * 3_600_000),
    ...(i >= open && { closeTime: new Date(Date.UTC(2026, 0, 2) - i * 3_600_000) }),
  }));
  const client = {
    options: { namespace: 'ingestion' },
    withDeadline: <T>(_: number, work: () => T) => work(),
    workflow: {
      getHandle: (id: string) => ({ describe: async () => runs.find(({ workflowId }) => workflowId === id) }),
      list: async function* () {
        for (const run of runs) {
          listed.push(run.workflowId);
          yield run;
        }
      },
    },
  };
  const cluster = { name: 'default', namespace: 'ingestion', taskQueue: '', connection: { environment: true } };
  return { session: { cluster, client } as unknown as ClusterSession, listed };
}

describe('finding the run of a cluster', () => {
  it('reads only the latest of 10,000 closed runs: each refresh of a page asks again', async () => {
    const { session, listed } = clusterWith({ open: 0, closed: 10_000 });
    expect(await findRun(session, {})).toMatchObject({ workflowId: 'backfillscorecards-run-0', others: [] });
    expect(listed.length).toBeLessThanOrEqual(50);
  });

  it('names every open run, however many there are', async () => {
    const { session } = clusterWith({ open: 70, closed: 100 });
    expect((await findRun(session, {})).others).toHaveLength(69);
  });
});
