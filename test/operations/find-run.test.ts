import { WorkflowNotFoundError } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { watchedCluster } from '../../src/cli/commands/watch.js';
import type { ClusterSession } from '../../src/fleet/index.js';
import { findRun } from '../../src/operations/find-run.js';

/** A cluster with so many open and closed runs, as Temporal lists them: the open ones first, then those that closed last. */
function clusterWith({ open, closed }: { open: number; closed: number }): {
  session: ClusterSession;
  listed: string[];
} {
  const listed: string[] = [];
  const runs = Array.from({ length: open + closed }, (_, i) => ({
    // One of them is of January.
    workflowId: `backfillscorecards-run-${i === 30 ? '2026-01' : i}`,
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
      getHandle: (id: string) => ({
        describe: async () => {
          const run = runs.find(({ workflowId }) => workflowId === id);
          if (run) return run;
          throw new WorkflowNotFoundError('not found', id, undefined);
        },
      }),
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

  it('asks for the run of a range by its workflow id, and without a fleet file lists runs until it is found', async () => {
    const { session, listed } = clusterWith({ open: 1, closed: 10_000 });
    const range = '2026-01-05--2026-01-20';
    const named = { ...session, cluster: { ...session.cluster, name: 'run', connection: { address: 'x' } } };
    await expect(findRun(named, { range })).rejects.toThrow(`no run of ${range}; start one with backfill start run`);
    expect(listed).toEqual([]);
    const watched = watchedCluster(session.cluster, { range: '2026-01' }, { environment: {} });
    expect(await watched.findRun(session)).toMatchObject({ workflowId: 'backfillscorecards-run-2026-01' });
    const once = listed.length;
    expect(once).toBeLessThan(50);
    expect(await watched.findRun(session)).toMatchObject({ closed: true });
    expect(listed).toHaveLength(once);
  });

  it('names every open run, however many there are', async () => {
    const { session } = clusterWith({ open: 70, closed: 100 });
    expect((await findRun(session, {})).others).toHaveLength(69);
  });
});
