import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { startTemporalServer, type TemporalServer } from '../../scripts/dev/temporal-server.js';
import { GrpcProxy } from '../support/grpc-proxy.js';
import { useRig } from '../support/harness.js';
import { Rig } from '../support/rig.js';
import { type BackfillHandle, until } from '../support/run.js';

const days = { start: '2026-01-01', end: '2026-01-03' };
const PERMISSION_DENIED = 7;

describe('on a server that refuses calls', () => {
  let proxy: GrpcProxy;
  let rig: Rig;
  beforeEach(async () => {
    proxy = await GrpcProxy.start(inject('address'));
    rig = await Rig.start({ address: proxy.address, childBundle: inject('childBundle') });
  });
  afterEach(async () => {
    await rig.stop();
    proxy.stop();
  });

  it('a run is not kept from its first window by a look-up that it can do without', async () => {
    proxy.refuse('ListSearchAttributes', PERMISSION_DENIED, 'Request unauthorized.');
    const run = await rig.startBackfill({ customers: ['cvs'], cluster: 'us-west-2-prod', ...days });
    expect(await run.report()).toMatchObject({ totals: { done: 2 } });
    const [entry] = await run.log();
    expect(entry!.effect).toMatch(
      /^gave up looking up search attributes after 3 attempts, latest error: .*Request unauthorized/,
    );
  });

  it('a run says what it waits for, how often it has asked and what went wrong', async () => {
    proxy.refuse('ListWorkflowExecutions', PERMISSION_DENIED, 'Request unauthorized.');
    const run = await rig.startBackfill({ customers: ['cvs'], ...days });
    const { statusReason } = await run.until(({ statusReason }) => statusReason.includes('attempt 3'));
    expect(statusReason).toMatch(
      /^looking for windows that are already running; attempt 3, latest error: .*Request unauthorized/,
    );
    proxy.allow('ListWorkflowExecutions');
    expect(await run.report()).toMatchObject({ totals: { done: 2 } });
  });

  it('a run that prepares for long continues as new, and does the commands that wait in their order', async () => {
    proxy.refuse('ListWorkflowExecutions', PERMISSION_DENIED, 'Request unauthorized.');
    const run = await rig.startBackfill({ customers: ['cvs'], ...days, maxHistoryEvents: 50 });
    await run.until(({ statusReason }) => statusReason.includes('latest error'));
    await run.signal('pause', { by: 'first' });
    await run.signal('addCustomers', { customers: ['oportun'], by: 'second' });
    const answered = run.update('removeCustomer', { customer: 'oportun', by: 'third' });
    await untilContinued(run, 1);
    // An Update's caller can't wait for an answer of the next run.
    expect((await answered).did).toMatch(/^nothing yet: .* The command keeps its turn/);
    await run.signal('addCustomers', { customers: ['oportun'], by: 'fourth' });
    await untilContinued(run, 2);
    await run.signal('resetDay', { customer: 'oportun', day: '2026-02-01', by: 'fifth' });
    expect((await run.progress()).statusReason).toMatch(/attempt \d+, latest error/);
    proxy.allow('ListWorkflowExecutions');
    await run.signal('resume', { by: 'sixth' });
    expect(await run.report()).toMatchObject({ customers: [{ id: 'cvs' }, { id: 'oportun' }], totals: { done: 4 } });
    const log = await run.log();
    expect(log.flatMap(({ by }) => by ?? [])).toEqual(['first', 'second', 'third', 'fourth', 'sixth']);
    expect((await run.progress()).rejected.at(-1)).toMatchObject({ command: 'resetDay', by: 'fifth' });
  }, 120_000);

  it('a command for which a preparing run has no room is refused, and those before it are done', async () => {
    proxy.refuse('ListWorkflowExecutions', PERMISSION_DENIED, 'Request unauthorized.');
    const run = await rig.startBackfill({ customers: ['cvs'], ...days });
    const customers = (name: string) => Array.from({ length: 800 }, (_, i) => `${name}-${i}-`.padEnd(190, 'x'));
    await run.signal('addCustomers', { customers: ['oportun'] });
    await run.signal('addCustomers', { customers: customers('many'), by: 'ana' });
    await run.signal('addCustomers', { customers: customers('more'), by: 'kim' });
    const { rejected } = await run.until(({ rejected }) => rejected.length > 0);
    expect(rejected).toMatchObject([{ command: 'addCustomers', by: 'kim' }]);
    expect(rejected[0]!.reason).toMatch(/still preparing, and too many commands wait already/);
    expect(await run.refusal('addCustomers', { customers: customers('more') })).toMatch(
      /too many commands wait already/,
    );
    await run.signal('finish');
    proxy.allow('ListWorkflowExecutions');
    expect((await run.report()).totals.days).toBe(2 * 802);
  });
});

/** Sends signals that change nothing until the run has continued as new so often. */
async function untilContinued(run: BackfillHandle, times: number): Promise<void> {
  await until(
    async () => {
      await run.signal('unknown');
      return run.histories();
    },
    (histories) => histories.length > times,
  );
}

describe('in a namespace that has an attribute of the same name for something else', () => {
  let server: TemporalServer;
  let rig: Rig;
  beforeAll(async () => {
    server = await startTemporalServer({ searchAttributes: { BackfillStatus: 'Int', BackfillCluster: 'Keyword' } });
    rig = await Rig.start({ address: server.address, childBundle: inject('childBundle') });
  });
  afterAll(async () => {
    await rig.stop();
    await server.stop();
  });

  it('a run is not stuck on it: it leaves that one alone, and sets the others', async () => {
    const run = await rig.startBackfill({ customers: ['cvs'], cluster: 'us-west-2-prod', ...days });
    expect(await run.report()).toMatchObject({ totals: { done: 2 } });
    const { searchAttributes } = await run.handle.describe();
    expect(searchAttributes).toMatchObject({ BackfillCluster: ['us-west-2-prod'] });
    expect(searchAttributes).not.toHaveProperty('BackfillStatus');
  });
});

describe('with a directory whose database is away', () => {
  const rig = useRig({
    environment: {
      BACKFILL_DIRECTORY_DATABASE_URL: 'postgres://reader@127.0.0.1:1/customers',
      BACKFILL_DIRECTORY_SQL: 'SELECT id FROM customers WHERE $1 <> $2 AND $2 <> $3',
    },
  });

  it('a run says so while it asks again, and can be cancelled', async () => {
    const run = await rig.startBackfill({ customers: 'all', ...days });
    const { statusReason } = await run.until(({ statusReason }) => statusReason.includes('attempt 2'));
    expect(statusReason).toMatch(/^asking the customer directory; attempt 2, latest error: ./);
    await run.handle.cancel();
    expect((await run.failure()).name).toBe('CancelledFailure');
  });

  it('a dry run fails with the reason, rather than keep waiting the person who asked for a plan', async () => {
    const run = await rig.startBackfill({ customers: 'all', ...days, dryRun: true });
    const messages: string[] = [];
    for (let at: unknown = await run.failure(); at instanceof Error; at = at.cause) messages.push(at.message);
    expect(messages.join()).toMatch(/it refuses connections/);
  });
});
