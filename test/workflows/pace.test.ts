import { describe, expect, it } from 'vitest';
import { useRig } from '../support/harness.js';
import { mostAtOnce } from '../support/run.js';
import { january, moves, oneDay, soon } from './days.js';

const rig = useRig();

describe('the writers of one customer', () => {
  it('become several where its windows go well, never more than the run may have, and the log says why', async () => {
    const parallelism = { max: 4, perCustomer: 'auto' };
    const run = await rig.startBackfill({
      customers: ['brief-whale'],
      start: '2026-01-01',
      end: '2026-02-01',
      parallelism,
    });
    expect((await run.report()).totals).toMatchObject({ days: 31, done: 31 });
    const most = mostAtOnce(await run.children());
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(4);
    const moved = expect.stringMatching(/^brief-whale: writers 1 → 2: \+\d+% conversations a second, compared with 1$/);
    expect(await run.effects()).toContainEqual(moved);
  });
});

describe('an adaptive limit', () => {
  it('starts at min and grows to max while windows go well, each step with its reason, and never over max', async () => {
    const customers = Array.from({ length: 24 }, (_, i) => `brief-${i}`);
    const parallelism = { min: 2, max: 5, adaptive: true };
    const run = await rig.startBackfill({ customers, ...oneDay, parallelism });
    await run.report();
    const why = 'windows went well with every slot taken';
    expect(await moves(run)).toEqual([`limit 2 → 5: ${why}, 3 times`]);
    expect((await run.progress()).parallelism).toMatchObject({ limit: 5, reason: `4 → 5: ${why}` });
    expect(mostAtOnce(await run.children())).toBeLessThanOrEqual(5);
  });

  it.each([
    ['overload', 'overloaded'],
    ['contention', 'deadlocked'],
  ])('is halved for %s, once for all windows that were in flight together', async (name, behaviour) => {
    const run = await rig.startBackfill({
      customers: ['a', 'b', 'c', 'd'].map((id) => `${behaviour}-${id}`),
      ...oneDay,
      parallelism: { min: 4, max: 4, adaptive: true },
      retry: { [name]: soon },
    });
    expect(await run.report()).toMatchObject({ totals: { done: 4, windows: { completed: 4, failed: 4 } } });
    expect(await moves(run)).toEqual([expect.stringMatching(new RegExp(`^limit 4 → 2: \\d ${name} in 60s$`))]);
    expect((await run.progress()).parallelism).toMatchObject({ limit: 2, reason: expect.stringMatching(/^4 → 2: /) });
    // The tries that followed the cut, by the times that Temporal recorded.
    expect(mostAtOnce((await run.children()).slice(4))).toBeLessThanOrEqual(2);
  });

  it('is switched off and on while the run continues', async () => {
    const customers = ['slow-a', 'slow-b', 'slow-c', 'slow-d', 'slow-e'];
    const run = await rig.startBackfill({ customers, ...oneDay, parallelism: { min: 1, max: 4, adaptive: true } });
    const limits = async (inFlight: number) =>
      (await run.until(({ parallelism }) => parallelism.inFlight === inFlight)).parallelism;
    expect(await limits(1)).toMatchObject({ limit: 1, reason: 'slow start from 1' });
    await run.update('setParallelism', { adaptive: false });
    expect(await limits(4)).toMatchObject({ limit: 4, reason: "the run's most", adaptive: false });
    await run.update('setParallelism', { adaptive: true });
    expect(await limits(4)).toMatchObject({ limit: 4, reason: 'slow start from 4', adaptive: true });
    await run.update('setParallelism', { max: 2 });
    expect(await limits(4)).toMatchObject({ limit: 2, max: 2 });
    for (const customer of customers.slice(0, 3)) await run.finish(customer, january(1));
    expect(await limits(2)).toMatchObject({ limit: 2 });
    for (const customer of customers.slice(3)) await run.finish(customer, january(1));
    expect(await run.report()).toMatchObject({ totals: { done: 5, windows: { started: 5 } } });
    expect(mostAtOnce(await run.children())).toBe(4);
  });
});

describe('working hours', () => {
  it('let an operator raise the limit at once, and not only when they are looked up again', async () => {
    const run = await rig.startBackfill({
      customers: ['slow-a', 'slow-b', 'slow-c'],
      ...oneDay,
      hours: [{ from: '00:00', to: '24:00', timeZone: 'UTC' }],
    });
    await run.until(({ parallelism }) => parallelism.inFlight === 1);
    await run.update('setParallelism', { max: 3 });
    await run.until(({ parallelism }) => parallelism.inFlight === 3);
    await run.update('cancelWindows');
    await run.update('finish');
  });

  const timeOfDay = (hoursFromNow: number) =>
    new Date(Date.now() + hoursFromNow * 3_600_000).toISOString().slice(11, 16);
  const hours = (from: number, to: number) => ({ from: timeOfDay(from), to: timeOfDay(to), timeZone: 'UTC' });

  it('that are over keep everything from starting, and progress says until when', async () => {
    const open = hours(6, 7);
    const run = await rig.startBackfill({ customers: ['cvs'], ...oneDay, hours: [open] });
    const closed = await run.until(({ parallelism }) => parallelism.reason.includes('until'));
    expect(closed).toMatchObject({ parallelism: { limit: 0, inFlight: 0 }, customers: [{ days: '.' }] });
    const [, opens] = /^outside the working hours until (\S+)$/.exec(closed.parallelism.reason)!;
    expect(opens).toContain(`T${open.from}:00.000Z`);
    expect((await run.until(({ statusReason }) => statusReason.includes('hours'))).statusReason).toBe(
      closed.parallelism.reason,
    );
    await run.update('finish');
    expect(await run.report()).toMatchObject({ totals: { waiting: 1, windows: { started: 0 } } });
  });

  it('that are open let it run, at their own limit', async () => {
    const customers = Array.from({ length: 6 }, (_, i) => `brief-${i}`);
    const run = await rig.startBackfill({ customers, ...oneDay, parallelism: 4, hours: [{ ...hours(-2, 6), max: 2 }] });
    expect(await run.report()).toMatchObject({ totals: { done: 6 } });
    expect(mostAtOnce(await run.children())).toBe(2);
  });
});

it('The canary: the smallest customers go first until so many windows succeeded, then the real order begins', async () => {
  const run = await rig.startBackfill({
    customers: [
      { id: 'medium', conversations: 200 },
      { id: 'tiny', conversations: 10 },
      { id: 'whale', conversations: 9_000 },
      { id: 'small', conversations: 50 },
    ],
    start: january(1),
    end: january(3),
    canary: 3,
  });
  await run.report();
  expect(await run.started()).toEqual(
    ['tiny 1', 'tiny 2', 'small 1', 'whale 1', 'whale 2', 'medium 1', 'medium 2', 'small 2'].map((window) =>
      window.replace(' ', '-2026-01-0'),
    ),
  );
});

describe('the breaker', () => {
  const named = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name}-${i}`);

  it('stops a run whose windows mostly fail, and resume continues it', async () => {
    const run = await rig.startBackfill({ customers: [...named('fine', 9), ...named('broken', 13)], ...oneDay });
    expect(await run.until(({ status }) => status === 'paused')).toMatchObject({
      statusReason: expect.stringMatching(/^breaker: 11 of the latest 20 windows failed/),
      totals: { done: 9, failed: 11, waiting: 2 },
      attention: expect.arrayContaining([expect.objectContaining({ class: 'breaker' })]),
    });
    await run.update('resume', { by: 'ana' });
    expect(await run.until(({ status }) => status === 'waitingForOperator')).toMatchObject({
      totals: { done: 9, failed: 13 },
    });
    await run.update('finish');
  });

  it('tries one window by itself, and the run continues without anybody once that succeeds', async () => {
    const run = await rig.startBackfill({
      customers: [...named('broken', 4), ...named('fine', 6)],
      ...oneDay,
      retry: { unknown: { attempts: 1 } },
      breaker: { windows: 4, retryAfter: '1s' },
    });
    await run.until(({ statusReason }) => statusReason.startsWith('breaker:'));
    expect(await run.until(({ status }) => status === 'waitingForOperator')).toMatchObject({ totals: { done: 6 } });
    expect(await run.effects()).toContainEqual(expect.stringMatching(/^the breaker closes/));
    await run.update('finish');
  });
});
