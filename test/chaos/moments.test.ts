import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stopAll } from '../../scripts/dev/processes.js';
import { executionsOf } from '../../scripts/lab/chaos/executions.js';
import { insist, type Stack, startStack } from '../../scripts/lab/chaos/stack.js';

describe('at an unlucky moment', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack({
      withDatabase: false,
      environment: (databaseUrl) => ({
        BACKFILL_DIRECTORY_DATABASE_URL: databaseUrl,
        // A directory that takes its time, so that there is some in which things can happen.
        BACKFILL_DIRECTORY_SQL: 'SELECT $1::text AS id FROM pg_sleep(3) WHERE $2::text < $3::text',
      }),
    });
  });
  afterAll(async () => {
    await stack?.stop();
    await stopAll();
  });

  /** Starts a backfill of one customer, named by the cluster, and waits until its directory is being asked. */
  async function preparing(customer: string, more: object = {}) {
    const handle = await stack.client.workflow.start('backfillScorecards', {
      workflowId: `backfillscorecards-${customer}`,
      taskQueue: 'backfill-scorecards',
      args: [{ customers: 'all', cluster: customer, start: '2026-01-01', end: '2026-01-03', ...more }],
    });
    const asked = async () => {
      const { raw } = await insist(() => handle.describe());
      return raw.pendingActivities?.some((activity) => activity.activityType?.name === 'listCustomers');
    };
    while (!(await asked())) await sleep(50);
    return handle;
  }

  it('a worker is killed while it asks the directory: the next one asks within seconds', async () => {
    const handle = await preparing('ash');
    await sleep(500);
    await stack.crash('orchestrator', 0);
    const killedAt = Date.now();
    await insist(() => handle.result());
    expect(Date.now() - killedAt).toBeLessThan(60_000);
  }, 120_000);

  it('commands come while a run prepares: it does them in their order once it knows what they are about', async () => {
    await (await preparing('birch')).result();
    const again = await preparing('birch', { resume: true });
    await again.signal('pause', { by: 'first' });
    await again.signal('resetDay', { customer: 'birch', day: '2026-01-01', by: 'second' });
    await again.signal('removeCustomer', { customer: 'birch', by: 'third' });
    await again.signal('addCustomers', { customers: ['birch'], by: 'fourth' });
    const reset = { customer: 'birch', day: '2026-01-02', by: 'fifth' };
    const answer = await again.executeUpdate<{ did: string }, [object]>('resetDay', { args: [reset] });
    expect(answer.did).toBe('birch 2026-01-02: was done, waits to run again');
    await expect(again.executeUpdate('skipDay', { args: [{ customer: 'oak', day: '2026-01-02' }] })).rejects.toThrow();
    await again.signal('resume');
    await again.result();
    const log = await again.query<{ what: string; by?: string }[]>('log');
    expect(log.flatMap(({ by }) => by ?? [])).toEqual(['first', 'second', 'third', 'fourth', 'fifth']);
    const ran = (await executionsOf(stack.client, 'birch-')).map(({ workflowId }) => workflowId.slice(-10)).sort();
    expect(ran).toEqual(['2026-01-01', '2026-01-01', '2026-01-02', '2026-01-02']);
  }, 120_000);

  it.each(['signal', 'update'] as const)(
    'a paused run has to continue as new, and a command by %s is all that happens: it does so, and continues',
    async (as) => {
      const handle = await preparing(`cedar-${as}`, { maxHistoryEvents: 50 });
      const send = (name: string, by: string) =>
        as === 'signal' ? handle.signal(name, { by }) : handle.executeUpdate(name, { args: [{ by }] });
      await handle.signal('pause');
      while ((await insist(() => handle.describe())).raw.pendingActivities?.length) await sleep(50);
      // Each is a few events; together they are more than the run's history may hold.
      for (let i = 0; i < 15; i++) {
        await send('pause', `kim ${i}`);
        await sleep(100);
      }
      await send('resume', 'kim');
      const report = (await handle.result()) as { totals: { done: number } };
      expect(report.totals.done).toBe(2);
    },
    60_000,
  );
});
