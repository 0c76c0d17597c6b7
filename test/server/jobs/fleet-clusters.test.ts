import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClusterSession } from '../../../src/fleet/index.js';
import { ClusterUnreachable } from '../../../src/fleet/index.js';
import { Unanswered } from '../../../src/server/jobs/clusters.js';
import { FleetClusters } from '../../../src/server/jobs/fleet-clusters.js';
import { OncePerInterval } from '../../../src/server/jobs/once-per-interval.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('The clusters behind the job API', () => {
  const asked: { query: string; pageSize: number }[] = [];
  let unreachable = false;
  const session = {
    cluster: { name: 'east', taskQueue: 'backfill-scorecards', connection: { address: 'x' } },
    client: {
      options: { namespace: 'ingestion' },
      withDeadline: (_: number, calls: () => Promise<unknown>) => calls(),
      workflowService: {
        async listWorkflowExecutions(request: { query: string; pageSize: number }) {
          asked.push(request);
          const run = (workflowId: string, status: number) => ({
            execution: { workflowId, runId: workflowId },
            status,
          });
          return {
            executions: [
              run('backfillscorecards-east-2026-01', 1),
              // The prefix of cluster east also finds this one.
              run('backfillscorecards-east-prod-2026-01', 2),
              run('backfillscorecards-east-2025-12', 4),
            ],
            nextPageToken: Buffer.from([1, 2, 255]),
          };
        },
      },
    },
  } as unknown as ClusterSession;

  const clusters = () =>
    new FleetClusters(
      {
        clusters: [session.cluster],
        async session() {
          if (unreachable) throw new ClusterUnreachable('east', 'east is unreachable: no VPN');
          return session;
        },
        progress: () => undefined,
        refresh: async () => {},
      },
      {},
      new AbortController().signal,
    );
  const page = { conditions: ['CloseTime IS NULL'], size: 50, token: undefined };

  beforeEach(() => {
    asked.length = 0;
    unreachable = false;
  });

  it('ask once an interval, however many callers there are', async () => {
    const fleet = clusters();
    await Promise.all(Array.from({ length: 100 }, () => fleet.runs('east', page)));
    await fleet.runs('east', page);
    expect(asked).toHaveLength(1);
    await fleet.runs('east', { ...page, size: 10 });
    expect(asked).toHaveLength(2);
    vi.setSystemTime(Date.now() + 2_500);
    await Promise.all(Array.from({ length: 100 }, () => fleet.runs('east', page)));
    expect(asked).toHaveLength(3);
  });

  it('list the runs of the cluster itself, in the order of Temporal, and continue where its page ended', async () => {
    const fleet = clusters();
    const { runs, next } = await fleet.runs('east', page);
    expect(runs.map(({ workflowId, status }) => `${workflowId} ${status}`)).toEqual([
      'backfillscorecards-east-2026-01 RUNNING',
      'backfillscorecards-east-2025-12 CANCELLED',
    ]);
    await fleet.runs('east', { ...page, token: next });
    expect(asked[0]).toMatchObject({ pageSize: 50, query: expect.stringMatching(/ AND CloseTime IS NULL$/) });
    expect(asked[1]).toMatchObject({ nextPageToken: Buffer.from([1, 2, 255]) });
  });

  it('say that a cluster is away, and notice when it is back', async () => {
    const fleet = clusters();
    unreachable = true;
    await expect(fleet.runs('east', page)).rejects.toBeInstanceOf(Unanswered);
    unreachable = false;
    vi.setSystemTime(Date.now() + 2_500);
    expect((await fleet.runs('east', page)).runs).toHaveLength(2);
  });
});

describe('Shared answers', () => {
  it('are as many as was said at most, the latest', async () => {
    const answers = new OncePerInterval<number>(1_000, 3);
    let asked = 0;
    const ask = async () => ++asked;
    for (const key of ['a', 'b', 'c', 'd']) await answers.get(key, ask);
    await answers.get('d', ask);
    expect(asked).toBe(4);
    await answers.get('a', ask);
    expect(asked).toBe(5);
  });

  it('are waited for, however long that takes: nothing is asked again meanwhile', async () => {
    const answers = new OncePerInterval<number>(1_000, 3);
    let [asked, answer] = [0, (_: number): void => {}];
    const ask = () =>
      new Promise<number>((resolve) => {
        asked++;
        answer = resolve;
      });
    const first = answers.get('a', ask);
    vi.setSystemTime(Date.now() + 5_000);
    const second = answers.get('a', ask);
    answer(7);
    expect([await first, await second, asked]).toEqual([7, 7, 1]);
    vi.setSystemTime(Date.now() + 1_000);
    void answers.get('a', ask);
    expect(asked).toBe(2);
  });

  it('include failures, so that a cluster that is down is not asked more often than one that is up', async () => {
    const answers = new OncePerInterval<number>(1_000, 3);
    let asked = 0;
    const fail = async () => {
      asked++;
      throw new Error('down');
    };
    for (let i = 0; i < 10; i++) await expect(answers.get('a', fail)).rejects.toThrow('down');
    expect(asked).toBe(1);
  });
});
