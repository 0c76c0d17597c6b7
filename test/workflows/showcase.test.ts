import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { useRig } from '../support/harness.js';
import { Rig } from '../support/rig.js';
import { type BackfillHandle, until, untilDone } from '../support/run.js';

const days = { start: '2026-01-01', end: '2026-01-04' };

async function temporal(address: string, namespace: string, ...args: string[]): Promise<string> {
  const where = ['--address', address, '--namespace', namespace];
  return (await promisify(execFile)(inject('cliPath'), [...args, ...where])).stdout;
}

describe('without search attributes in the namespace', () => {
  const rig = useRig();

  it('a run uses none, and Current Details show a table that a person can read', async () => {
    const run = await rig.startBackfill({ cluster: 'us-west-2-prod', customers: ['cvs', 'slow-b'], ...days });
    await run.until(({ customers }) => customers[1]!.days === 'r..');
    const metadata = await temporal(
      rig.address,
      rig.namespace,
      'workflow',
      'metadata',
      '-w',
      run.workflowId,
      '-o',
      'json',
    );
    const { queryResult } = JSON.parse(metadata) as {
      queryResult: [{ currentDetails: string; definition: Record<string, { name: string; description?: string }[]> }];
    };
    const [{ currentDetails, definition }] = queryResult;
    expect(currentDetails).toContain('running');
    expect(currentDetails).toContain('3 of 6 days done');
    expect(currentDetails).toMatch(/\| slow-b \| `r\.\.` \|/);
    for (const kind of ['queryDefinitions', 'signalDefinitions', 'updateDefinitions']) {
      const named = definition[kind]!.filter(({ name }) => !name.startsWith('__'));
      expect(named.length).toBeGreaterThanOrEqual(3);
      expect(named.filter(({ description }) => !description)).toEqual([]);
    }
    const { searchAttributes } = await run.handle.describe();
    expect(Object.keys(searchAttributes).filter((name) => name.startsWith('Backfill'))).toEqual([]);
    await run.update('finish');
    await run.finish('slow-b', '2026-01-01');
    await run.report();
  });
});

describe('with search attributes in the namespace', () => {
  const namespace = 'ingestion-with-attributes';
  let rig: Rig;

  beforeAll(async () => {
    const address = inject('address');
    await temporal(address, namespace, 'operator', 'namespace', 'create', '--retention', '24h');
    // A namespace that is new is not known everywhere at once.
    const names = ['BackfillCluster', 'BackfillCustomer', 'BackfillStatus'];
    const attributes = names.flatMap((name) => ['--name', name, '--type', 'Keyword']);
    await untilDone(() => temporal(address, namespace, 'operator', 'search-attribute', 'create', ...attributes));
    await until(
      () => temporal(address, namespace, 'operator', 'search-attribute', 'list'),
      (list) => list.includes('BackfillStatus'),
    );
    rig = await Rig.start({ address, namespace, childBundle: inject('childBundle') });
  });
  afterAll(async () => rig?.stop());

  /** Waits until visibility finds the run (or its children) by a query. */
  const found = (run: BackfillHandle, query: string, count: number) =>
    until(
      async () => {
        const ids: string[] = [];
        for await (const { workflowId } of rig.client.workflow.list({ query })) ids.push(workflowId);
        return ids.filter((id) => id === run.workflowId || id.startsWith(`${run.prefix}-`));
      },
      (ids) => ids.length === count,
    );

  it('a run is found by its cluster and status, and its windows by their customer', async () => {
    const run = await rig.startBackfill({ cluster: 'us-west-2-prod', customers: ['slow-a', 'cvs'], ...days });
    await found(run, 'BackfillStatus = "running" AND BackfillCluster = "us-west-2-prod"', 1);
    await run.until(({ customers }) => customers[0]!.days === 'r..');
    await run.signal('pause');
    await run.finish('slow-a', '2026-01-01');
    await found(run, 'BackfillStatus = "paused"', 1);
    await run.signal('resume');
    await run.finish('slow-a', '2026-01-02', '2026-01-03');
    await run.report();
    await found(run, 'BackfillStatus = "completed" AND BackfillCluster = "us-west-2-prod"', 1);
    await found(run, 'BackfillCustomer = "slow-a"', 3);
    await found(run, 'BackfillCustomer = "cvs"', 3);
  });

  it('they survive continue-as-new', async () => {
    const run = await rig.startBackfill({
      cluster: 'eu',
      customers: ['cvs', 'slow-b'],
      start: '2026-01-01',
      end: '2026-01-21',
      maxHistoryEvents: 60,
    });
    await run.until(({ customers }) => customers[1]!.days.startsWith('r'));
    await run.untilContinued(1);
    await found(run, 'BackfillStatus = "running" AND BackfillCluster = "eu" AND ExecutionStatus = "Running"', 1);
    await run.update('finish');
    await run.finish('slow-b', '2026-01-01');
    await run.report();
    await found(run, 'BackfillCustomer = "cvs"', 20);
  });
});
