import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stopAll, temporaryDirectory } from '../../scripts/dev/processes.js';
import { useRig } from '../support/harness.js';
import { kindsOf } from '../support/history-events.js';
import { type BackfillHandle, mostAtOnce } from '../support/run.js';
import { january, tenDays } from './days.js';

/** What the orchestrator's worker sees. */
const environment: NodeJS.ProcessEnv = {};
const rig = useRig({ environment });

beforeAll(async () => {
  const file = join(await temporaryDirectory('sizing'), 'directory.json');
  const sized = [{ id: 'oportun', conversations: 7_200 }, { id: 'marriott', conversations: 10 }, 'sky'];
  await writeFile(file, JSON.stringify({ sized }));
  environment.BACKFILL_DIRECTORY_FILE = file;
});
afterAll(() => stopAll());

/** The windows of a customer in the order of their starts, by the hours in their ids. */
const windowsOf = async (run: BackfillHandle, customer: string) =>
  (await run.started()).filter((id) => id.startsWith(`${customer}-`)).map((id) => id.slice(customer.length + 1));

describe('windows that resize', () => {
  it('are halved when they time out; the halves run one after the other, and every day is done', async () => {
    const run = await rig.startBackfill({
      customers: ['large-a'],
      ...tenDays,
      window: { initial: '10d', min: '1d' },
      parallelism: 4,
    });
    expect(await run.report()).toMatchObject({
      totals: { days: 10, done: 10, windows: { started: 6, completed: 4, failed: 2 } },
      attention: [],
    });
    expect(await windowsOf(run, 'large-a')).toEqual([
      `${january(1)}--${january(11)}`,
      `${january(1)}--${january(6)}`,
      `${january(1)}--${january(4)}`,
      `${january(4)}--${january(7)}`,
      `${january(7)}--${january(10)}`,
      january(10),
    ]);
    expect(mostAtOnce(await run.children())).toBe(1);
    expect((await run.customer('large-a')).window).toEqual({
      size: '3d',
      why: expect.stringMatching(/^halved to 3d: .*time-?out/i),
    });
    expect(await run.effects()).toContainEqual(
      expect.stringMatching(/large-a.*: timeout; windows of large-a halved to 5d/),
    );
  });

  it('are only those that may: one of a fixed size fails as it is', async () => {
    const run = await rig.startBackfill({
      customers: ['large-a'],
      ...tenDays,
      window: '10d',
      retry: { timeout: { attempts: 1 } },
    });
    expect(await run.until(({ status }) => status === 'waitingForOperator')).toMatchObject({
      totals: { failed: 10, windows: { started: 1 } },
      attention: [{ class: 'timeout' }],
    });
    await run.update('finish');
  });

  it('start at a size from the volume: given, else from the directory; unknown, at a day', async () => {
    const run = await rig.startBackfill({
      cluster: 'sized',
      customers: [{ id: 'cvs', conversations: 1_600 }, 'oportun', 'marriott', 'sky'],
      start: january(1),
      end: january(5),
      window: { initial: 'auto', target: 1_000 },
    });
    await run.report();
    expect(await windowsOf(run, 'cvs')).toEqual([`${january(1)}--${january(3)}`, `${january(3)}--${january(5)}`]);
    expect((await windowsOf(run, 'oportun')).slice(0, 2)).toEqual([
      `${january(1)}T00--${january(1)}T13`,
      `${january(1)}T13--${january(2)}T00`,
    ]);
    expect(await windowsOf(run, 'marriott')).toEqual([`${january(1)}--${january(5)}`]);
    expect(await windowsOf(run, 'sky')).toEqual([1, 2, 3, 4].map(january));
    expect((await run.customer('cvs')).window).toEqual({
      size: '2d',
      why: '400 conversations a day, at most 1000 in a window',
    });
    expect((await run.customer('oportun')).conversations).toBe(7_200);
  });

  it('grow by the conversations that the results report, and not by the time', async () => {
    const run = await rig.startBackfill({
      customers: ['measured-100', 'measured-900'],
      start: january(1),
      end: january(13),
      window: { initial: '1d', target: { conversations: 1_000, duration: '1h' } },
      parallelism: 2,
    });
    await run.report();
    expect(await windowsOf(run, 'measured-100')).toEqual([
      ...[1, 2, 3, 4].map(january),
      `${january(5)}--${january(7)}`,
      `${january(7)}--${january(9)}`,
      `${january(9)}--${january(11)}`,
      `${january(11)}--${january(13)}`,
    ]);
    expect((await run.customer('measured-100')).window).toEqual({
      size: '4d',
      why: 'grown to 4d: 3 windows in a row took at most half of the target',
    });
    expect(await windowsOf(run, 'measured-900')).toHaveLength(12);
  });
});

it('A dry run completes at once with the plan, its warnings, and nothing started', async () => {
  const run = await rig.startBackfill({
    customers: [
      { id: 'cvs', conversations: 4_200_000 },
      { id: 'oportun', conversations: 9_000 },
    ],
    start: january(1),
    end: '2026-02-01',
    window: '1mo',
    parallelism: 2,
    dryRun: true,
  });
  expect(await run.handle.result()).toMatchObject({
    dryRun: true,
    totals: { customers: 2, windows: 2, conversations: 4_209_000 },
    customers: [{ id: 'cvs', windows: 1, window: '1mo' }, { id: 'oportun' }],
    criticalPath: { customer: 'cvs', windows: 1 },
    warnings: ['cvs: one window of 1mo would hold 4.2M conversations; it may time out'],
  });
  expect(kindsOf(await run.events()).filter((kind) => /child|activity|timer/i.test(kind))).toEqual([]);
});
