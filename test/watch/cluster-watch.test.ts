import { describe, expect, it } from 'vitest';
import type { Progress } from '../../src/backfill/views/progress.js';
import type { ClusterSession } from '../../src/fleet/index.js';
import { NoAnswerInTime, withTimeLimit } from '../../src/runs/time-limit.js';
import { ClusterWatch, type WatchedCluster } from '../../src/watch/cluster-watch.js';
import { month, progress } from '../support/progress.js';

/** A cluster that answers, or throws what stands in `broken`. */
class FakeCluster implements WatchedCluster {
  readonly name = 'chat-prod';
  broken: string | undefined;
  unreachable: string | undefined;
  opened = 0;
  closed = 0;
  run: string | undefined = 'run-1';
  pause: string | undefined;
  progress: Progress = progress({ cvs: month('.') });

  async open(): Promise<ClusterSession> {
    this.opened++;
    if (this.unreachable) throw new Error(this.unreachable);
    return { client: this.client, close: async () => void this.closed++ } as unknown as ClusterSession;
  }

  async findRun() {
    if (!this.run) return { none: 'chat-prod has no run' };
    return this.pause ? { workflowId: this.run, pause: this.pause } : { workflowId: this.run };
  }

  private readonly client = {
    options: { namespace: 'ingestion' },
    withAbortSignal: <T>(_: AbortSignal, work: () => T) => work(),
    withDeadline: <T>(_: number, work: () => T) => work(),
    workflowService: { getWorkflowExecutionHistory: async () => ({}) },
    workflow: {
      getHandle: () => ({
        query: async () => {
          if (this.broken) throw new Error(this.broken);
          return this.progress;
        },
      }),
      list: async function* () {
        const [startTime, status] = [new Date('2026-02-07T11:00:00Z'), { name: 'RUNNING' }];
        yield { workflowId: 'reindexconversations-cvs-2026-01-02', startTime, status };
        yield { workflowId: 'reindexconversations-cvs-2027-01-02', startTime, status };
        yield { workflowId: 'reindexconversations-somebody-2026-01-02', startTime, status };
        yield { workflowId: 'reindexconversations-other', startTime, status };
      },
    },
  };
}

const never = new AbortController().signal;

describe('the watch of a cluster', () => {
  it('has the progress of its run, and the windows over its customers and days', async () => {
    const watch = new ClusterWatch(new FakeCluster());
    await watch.refresh(never);
    expect(watch.picture).toMatchObject({ cluster: 'chat-prod', workflowId: 'run-1', progress: { status: 'running' } });
    expect(watch.picture.windows?.list.map(({ workflowId }) => workflowId)).toEqual([
      'reindexconversations-cvs-2026-01-02',
    ]);
    expect(watch.picture.unreachable).toBeUndefined();
  });

  it('keeps the last picture while the cluster does not answer, says since when, and recovers automatically', async () => {
    const cluster = new FakeCluster();
    const watch = new ClusterWatch(cluster);
    await watch.refresh(never);
    cluster.broken = 'the connection is gone';
    await watch.refresh(never);
    const since = watch.picture.unreachable?.since;
    expect(watch.picture).toMatchObject({
      progress: cluster.progress,
      unreachable: { reason: 'the connection is gone' },
    });
    cluster.broken = 'still gone';
    await watch.refresh(never);
    expect(watch.picture.unreachable).toMatchObject({ since, reason: 'still gone' });
    cluster.broken = undefined;
    await watch.refresh(never);
    expect(watch.picture.unreachable).toBeUndefined();
    expect(cluster.opened).toBe(1);
  });

  it('connects again after a failure to connect', async () => {
    const cluster = new FakeCluster();
    cluster.unreachable = 'refuses connections';
    const watch = new ClusterWatch(cluster);
    await watch.refresh(never);
    expect(watch.picture.unreachable?.reason).toBe('refuses connections');
    cluster.unreachable = undefined;
    await watch.refresh(never);
    expect(watch.picture.progress).toBeDefined();
    await watch.close();
    expect([cluster.opened, cluster.closed]).toEqual([2, 1]);
  });

  it('says that there is no run, and lists windows that were started by hand', async () => {
    const cluster = new FakeCluster();
    cluster.run = undefined;
    const watch = new ClusterWatch(cluster);
    await watch.refresh(never);
    expect(watch.picture).toMatchObject({ note: 'chat-prod has no run', windows: { list: { length: 3 } } });
  });

  it('says that its run is paused by Temporal, and not that it does not answer', async () => {
    const cluster = new FakeCluster();
    cluster.pause = 'run-1 is paused by kim';
    cluster.broken = 'Query rejected';
    const watch = new ClusterWatch(cluster);
    await watch.refresh(never);
    expect(watch.picture).toMatchObject({ workflowId: 'run-1', note: 'run-1 is paused by kim' });
    expect(watch.picture.unreachable).toBeUndefined();
  });

  it('switches to a new run when there is one', async () => {
    const cluster = new FakeCluster();
    const watch = new ClusterWatch(cluster);
    await watch.refresh(never);
    cluster.run = 'run-2';
    await watch.refresh(never);
    expect(watch.picture.workflowId).toBe('run-2');
  });
});

describe('a time limit', () => {
  const forever = () => new Promise<never>(() => {});

  it('passes, and aborts the work', async () => {
    let given: AbortSignal | undefined;
    const work = withTimeLimit(5, never, (signal) => {
      given = signal;
      return forever();
    });
    await expect(work).rejects.toThrow(NoAnswerInTime);
    expect(given?.aborted).toBe(true);
  });

  it('does not keep a caller waiting that has aborted', async () => {
    const controller = new AbortController();
    const work = withTimeLimit(60_000, controller.signal, forever);
    controller.abort(new Error('quit'));
    await expect(work).rejects.toThrow('quit');
  });

  it('returns what the work returns', async () => {
    expect(await withTimeLimit(60_000, never, async () => 7)).toBe(7);
  });
});
