// Long because each command is sent in both ways, as a signal and as an Update, by the same stories on one worker.
import { describe, expect, it } from 'vitest';
import { useRig } from '../support/harness.js';
import { kindsOf } from '../support/history-events.js';
import { type BackfillHandle, mostAtOnce, until } from '../support/run.js';

const rig = useRig();

/** The letters of each customer's days. */
const letters = async (run: BackfillHandle) =>
  Object.fromEntries((await run.progress()).customers.map(({ id, days }) => [id, days]));

/** Sends each command in both ways that there are. */
const ways = [
  ['signal', (run: BackfillHandle, name: string, argument: unknown) => run.signal(name, argument)],
  ['Update', (run: BackfillHandle, name: string, argument: unknown) => run.update(name, argument)],
] as const;

const days = { start: '2026-01-01', end: '2026-01-04' };

describe.each(ways)('as a %s,', (_, send) => {
  it('pause lets running windows finish and starts nothing new; resume continues', async () => {
    const run = await rig.startBackfill({ customers: ['slow-a'], ...days });
    await run.until(({ totals }) => totals.running === 1);
    await send(run, 'pause', { reason: 'the database is slow', by: 'ana' });
    const pausing = await run.until(({ status }) => status === 'pausing');
    expect(pausing.statusReason).toMatch(/^paused by ana at .*: the database is slow; 1 window in flight$/);
    await run.finish('slow-a', '2026-01-01');
    await run.until(({ status }) => status === 'paused');
    // Whatever comes next, a workflow task has passed in which a window would have been started.
    await run.update('setParallelism', { max: 2, perCustomer: 2 });
    expect(await run.started()).toEqual(['slow-a-2026-01-01']);
    await send(run, 'resume', { by: 'ana' });
    await run.finish('slow-a', '2026-01-02', '2026-01-03');
    await run.report();
    const commands = (await run.log()).filter(({ by }) => by === 'ana').map(({ what }) => what);
    expect(commands).toEqual(['pause', 'resume']);
  });

  it('pause for one customer holds back that one only', async () => {
    const run = await rig.startBackfill({ customers: ['slow-a', 'slow-b'], ...days, parallelism: 2 });
    await run.until(({ totals }) => totals.running === 2);
    await send(run, 'pause', { customer: 'slow-a' });
    await until(
      () => run.customer('slow-a'),
      ({ paused }) => paused !== null,
    );
    await run.finish('slow-a', '2026-01-01');
    await run.finish('slow-b', '2026-01-01', '2026-01-02', '2026-01-03');
    expect(await run.until(({ status }) => status === 'paused')).toMatchObject({
      statusReason: expect.stringMatching(/^slow-a paused at /),
      customers: [{ days: 'd..' }, { days: 'ddd' }],
    });
    await send(run, 'resume', { customer: 'slow-a' });
    await run.finish('slow-a', '2026-01-02', '2026-01-03');
    expect(await run.report()).toMatchObject({ totals: { done: 6, windows: { started: 6 } } });
  });

  it('resetDay of a day that is done runs that day again, and only that day', async () => {
    const run = await rig.startBackfill({ customers: ['cvs', 'slow-b'], ...days });
    await run.until(({ customers }) => customers[1]!.days.startsWith('r'));
    expect(await letters(run)).toEqual({ cvs: 'ddd', 'slow-b': 'r..' });
    await send(run, 'resetDay', { customer: 'cvs', day: '2026-01-02' });
    await run.until(({ customers }) => customers[0]!.days === 'd.d');
    await run.finish('slow-b', '2026-01-01', '2026-01-02', '2026-01-03');
    await run.report();
    const started = await run.started();
    expect(started.filter((id) => id === 'cvs-2026-01-02')).toHaveLength(2);
    expect(started).toHaveLength(7);
    expect((await run.listed(7)).filter(({ workflowId }) => workflowId.endsWith('cvs-2026-01-02'))).toHaveLength(2);
    expect(mostAtOnce(await run.children())).toBe(1);
  });

  it('resetDay of a running day runs it again once it has ended', async () => {
    const run = await rig.startBackfill({ customers: ['slow-a'], start: '2026-01-01', end: '2026-01-02' });
    await run.until(({ totals }) => totals.running === 1);
    await send(run, 'resetDay', { customer: 'slow-a', day: '2026-01-01' });
    await run.untilLog((log) => log.some(({ effect }) => effect.includes('runs again once it has ended')));
    await run.finish('slow-a', '2026-01-01');
    await run.until(({ totals }) => totals.windows.started === 2);
    await run.finish('slow-a', '2026-01-01');
    await run.report();
    expect(mostAtOnce(await run.children())).toBe(1);
  });

  it('skipDay leaves a day out, and resetDay brings it back', async () => {
    const run = await rig.startBackfill({ customers: ['slow-a'], ...days });
    await run.until(({ totals }) => totals.running === 1);
    await send(run, 'skipDay', { customer: 'slow-a', day: '2026-01-02' });
    await send(run, 'skipDay', { customer: 'slow-a', day: '2026-01-03' });
    await run.until(({ customers }) => customers[0]!.days === 'rss');
    await send(run, 'resetDay', { customer: 'slow-a', day: '2026-01-03' });
    await run.until(({ customers }) => customers[0]!.days === 'rs.');
    await run.finish('slow-a', '2026-01-01', '2026-01-03');
    expect(await run.report()).toMatchObject({
      totals: { done: 2, skipped: 1 },
      customers: [{ skipped: ['2026-01-02'] }],
    });
    expect(await run.started()).toEqual(['slow-a-2026-01-01', 'slow-a-2026-01-03']);
  });

  it('setParallelism starts more windows at once, and lowering it cancels none', async () => {
    const run = await rig.startBackfill({ customers: ['slow-a'], start: '2026-01-01', end: '2026-01-07' });
    await run.until(({ totals }) => totals.running === 1);
    await send(run, 'setParallelism', { max: 4, perCustomer: 4 });
    expect(await run.until(({ totals }) => totals.running === 4)).toMatchObject({
      parallelism: { max: 4, perCustomer: 4, inFlight: 4 },
    });
    await send(run, 'setParallelism', { max: 1 });
    expect(await run.until(({ parallelism }) => parallelism.max === 1)).toMatchObject({ totals: { running: 4 } });
    await run.finish('slow-a', '2026-01-01', '2026-01-02', '2026-01-03');
    await run.until(({ totals }) => totals.done === 3);
    expect(await run.started()).toHaveLength(4);
    await run.finish('slow-a', '2026-01-04', '2026-01-05', '2026-01-06');
    await run.report();
    expect((await run.children()).every(({ status }) => status === 'COMPLETED')).toBe(true);
  });

  it('addCustomers brings more work and removeCustomer less', async () => {
    const run = await rig.startBackfill({ customers: ['slow-a', 'slow-b'], ...days });
    await run.until(({ totals }) => totals.running === 1);
    await send(run, 'addCustomers', { customers: [{ id: 'late', start: '2026-01-02' }] });
    await run.until(({ customers }) => customers[2]?.days === '..');
    await send(run, 'removeCustomer', { customer: 'slow-b' });
    await run.until(({ customers }) => customers[1]!.days === 'sss');
    await run.finish('slow-a', '2026-01-01', '2026-01-02', '2026-01-03');
    expect(await run.report()).toMatchObject({ totals: { days: 8, done: 5, skipped: 3 } });
    expect((await run.started()).slice(-2)).toEqual(['late-2026-01-02', 'late-2026-01-03']);
  });

  it('cancelWindows cancels running windows, pauses, and their days wait again', async () => {
    const run = await rig.startBackfill({ customers: ['slow-a', 'slow-b'], ...days, parallelism: 2 });
    await run.until(({ totals }) => totals.running === 2);
    await send(run, 'cancelWindows', { by: 'ana' });
    const paused = await run.until(({ status }) => status === 'paused');
    expect(paused).toMatchObject({
      totals: { waiting: 6, held: 0, failed: 0, windows: { failed: 2 } },
      statusReason: expect.stringContaining('by ana'),
      attention: [],
    });
    expect((await run.children()).map(({ status }) => status)).toEqual(['CANCELLED', 'CANCELLED']);
    await send(run, 'resume', {});
    for (const day of ['2026-01-01', '2026-01-02', '2026-01-03']) {
      await run.until(({ totals }) => totals.running === 2);
      await Promise.all([run.finish('slow-a', day), run.finish('slow-b', day)]);
      await run.until(({ totals }) => totals.done === 2 * Number(day.slice(-2))).catch(() => undefined);
    }
    expect(await run.report()).toMatchObject({ totals: { done: 6 } });
  });

  it('finish starts nothing new, then completes with what is left undone', async () => {
    const run = await rig.startBackfill({ customers: ['slow-a'], ...days });
    await run.until(({ totals }) => totals.running === 1);
    await send(run, 'finish', {});
    await run.until(({ status }) => status === 'finishing');
    await run.finish('slow-a', '2026-01-01');
    expect(await run.report()).toMatchObject({
      outcome: 'completed',
      totals: { done: 1, waiting: 2 },
      customers: [{ waiting: ['2026-01-02', '2026-01-03'] }],
    });
  });
});

describe('a command', () => {
  it.each(['reset-day', 'reset_day', 'resetDay'])('is understood as %s, as a signal and as an Update', async (name) => {
    const run = await rig.startBackfill({ customers: ['cvs', 'slow-b'], start: '2026-01-01', end: '2026-01-02' });
    await run.until(({ customers }) => customers[1]!.days === 'r');
    await run.update('pause', {});
    expect(await run.update(name, { customer: 'cvs', day: '2026-01-01' })).toMatchObject({
      did: 'cvs 2026-01-01: was done, waits to run again',
      status: 'pausing',
    });
    await run.signal(name, { customer: 'cvs', day: '2026-01-01' });
    const log = await run.untilLog((log) => log.filter(({ what }) => what === 'resetDay').length === 2);
    expect(log.at(-1)).toMatchObject({ effect: 'cvs 2026-01-01: was waiting, waits to run again' });
    expect((await run.progress()).rejected).toEqual([]);
    await run.update('finish', {});
    await run.finish('slow-b', '2026-01-01');
  });

  const wrong: [what: string, name: string, argument: unknown, sentence: string][] = [
    [
      'a day outside the range',
      'resetDay',
      { customer: 'slow-a', day: '2026-03-01' },
      "2026-03-01 is outside slow-a's range, 2026-01-01 to 2026-01-03",
    ],
    [
      'a day that is none',
      'skipDay',
      { customer: 'slow-a', day: '2026-02-30' },
      'day: expected a UTC day such as "2026-01-31", got "2026-02-30"',
    ],
    [
      'an unknown customer',
      'resetDay',
      { customer: 'nobody', day: '2026-01-01' },
      'customer "nobody" is not in this run; it has slow-a',
    ],
    [
      'a limit that is none',
      'setParallelism',
      { max: 0 },
      'setParallelism: max: expected a whole number from 1 to 1,000, got 0',
    ],
    ['an unknown field', 'pause', { because: 'x' }, 'pause: because: expected no such field, got "x"'],
    ['an unknown command', 'resetDays', { customer: 'slow-a' }, 'unknown command "resetDays"; did you mean resetDay?'],
    [
      'the wrong kind of argument',
      'reset-day',
      'slow-a',
      'resetDay: input: expected one object {customer, day, by?}, got "slow-a"',
    ],
  ];

  it('that is wrong changes nothing: an Update is refused with a sentence, a signal shows under rejected', async () => {
    const run = await rig.startBackfill({ customers: ['slow-a'], ...days });
    await run.until(({ totals }) => totals.running === 1);
    for (const [, name, argument, sentence] of wrong) expect(await run.refusal(name, argument)).toBe(sentence);
    const before = await run.progress();
    expect(before.rejected).toEqual([]);
    for (const [, name, argument] of wrong) await run.signal(name, argument);
    const after = await run.until(({ rejected }) => rejected.length === wrong.length);
    expect(after.rejected.map(({ reason }) => reason)).toEqual(wrong.map(([, , , sentence]) => sentence));
    expect({ ...after, rejected: [], eta: null }).toEqual({ ...before, eta: null });
    expect(await run.log()).toEqual([]);
    await run.update('finish', {});
    await run.finish('slow-a', '2026-01-01');
  });

  it('that is refused as an Update leaves no trace in the history', async () => {
    const run = await rig.startBackfill({ customers: ['slow-a'], ...days });
    await run.until(({ totals }) => totals.running === 1);
    await run.refusal('resetDay', { customer: 'nobody', day: '2026-01-01' });
    expect(kindsOf(await run.events()).filter((kind) => /update/i.test(kind))).toEqual([]);
    await run.update('finish', {});
    await run.finish('slow-a', '2026-01-01');
  });

  it('works without any argument where none is needed', async () => {
    const run = await rig.startBackfill({ customers: ['slow-a'], ...days });
    await run.until(({ totals }) => totals.running === 1);
    expect(await run.update('pause')).toMatchObject({
      command: 'pause',
      did: 'the run is paused; 1 window in flight will finish',
    });
    await run.signal('resume');
    await run.until(({ status }) => status === 'running');
    await run.update('finish');
    await run.finish('slow-a', '2026-01-01');
  });

  it('is done in the order of sending, also when many came before the worker did', async () => {
    await rig.stopOrchestrator();
    const run = await rig.startBackfill({ customers: ['slow-a'], ...days });
    await run.signal('resume');
    await run.signal('pause', { reason: 'wait' });
    await run.signal('reset-day', { customer: 'slow-a', day: '2026-01-02' });
    await run.signal('skipDay', { customer: 'slow-a', day: '2026-01-02' });
    await rig.startOrchestrator();
    const log = await run.untilLog((log) => log.length === 4);
    expect(log.map(({ what }) => what)).toEqual(['resume', 'pause', 'resetDay', 'skipDay']);
    expect(await run.progress()).toMatchObject({ status: 'paused', customers: [{ days: '.s.' }] });
    await run.signal('finish');
    await run.report();
  });
});
