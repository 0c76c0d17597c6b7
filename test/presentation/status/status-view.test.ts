import { describe, expect, it } from 'vitest';
import { render, widthOf } from '../../../src/presentation/lines/line.js';
import { renderStatus } from '../../../src/presentation/status/status-view.js';
import type { ClusterPicture } from '../../../src/watch/picture.js';
import { month, NOW, progress } from '../../support/progress.js';

const DAY = 490_896;
const lines = (picture: ClusterPicture, columns = 80) =>
  renderStatus(picture, NOW, { columns }).map((line) => render(line, { colour: false }));

const letters = 'ddddddddddrrvpfhs..............';
const trouble = { message: `out of memory ${'again '.repeat(30)}`, customer: 'cvs', days: ['2026-01-14'] };
const picture: ClusterPicture = {
  cluster: 'us-west-2-prod',
  workflowId: 'backfillscorecards-us-west-2-prod-2026-01',
  progress: progress(
    { cvs: letters, '株式会社-東京': month('.'), done: month('d') },
    { inFlight: 2, left: 3_900, attention: [trouble] },
  ),
  windows: {
    list: [10, 11].map((day) => ({
      workflowId: `reindexconversations-cvs-2026-01-${day + 1}`,
      customer: 'cvs',
      interval: [DAY + 24 * day, DAY + 24 * (day + 1)] as const,
      startedAt: NOW - day * 60_000,
    })),
    more: false,
  },
};

describe('the status of a cluster', () => {
  it('shows the run, its progress, its pace and when it will be done', () => {
    expect(lines(picture).slice(0, 7)).toEqual([
      'us-west-2-prod  running  45%  backfillscorecards-us-west-2-prod-2026-01',
      'why       windows in flight',
      'days      41 of 93 done, 2 running, 1 verifying, 46 waiting, 1 failed, 1 held, 1',
      '          skipped',
      'windows   2 in flight, 0 completed',
      'limit     4 of at most 4:',
      'pace      unknown until a window has completed, done in about 1h 5m (2026-02-07',
    ]);
  });

  it('draws customers that are not done, and counts the others', () => {
    const text = lines(picture);
    expect(text).toContain(`cvs           ${letters} 10/31`);
    expect(text).toContain(`株式会社-東京 ${month('.')}  0/31`);
    expect(text).toContain('1 more customer: every day is done or skipped');
  });

  it('lists windows in flight with their age', () => {
    expect(lines(picture)).toContain('cvs  2026-01-11  10m  reindexconversations-cvs-2026-01-11');
  });

  it('shows every problem in full, on as many lines as it takes', () => {
    const text = lines(picture).join(' ').replace(/ +/g, ' ');
    expect(text).toContain(
      `! cvs 2026-01-14 permanent: out of memory ${'again '.repeat(30).trim()} (1 attempt); retry-failed`,
    );
  });

  it('shows days of a customer that fail alike as one problem, with commands as they are typed', () => {
    const days = ['2026-01-01', '2026-01-02', '2026-01-03', '2026-01-07'];
    const alike = days.map((day) => ({ days: [day], nextStep: 'fix it, then retryFailed; or skipDay' }));
    const other = { days: ['2026-01-09'], message: 'out of memory' };
    const text = lines({ ...picture, progress: progress({ cvs: letters }, { attention: [...alike, other] }) }, 200);
    expect(text.slice(text.indexOf('needs attention') + 1)).toEqual([
      '! cvs 2026-01-01 to 2026-01-03, 2026-01-07 permanent: no such table (1 attempt); fix it, then retry-failed; or skip-day',
      '! cvs 2026-01-09 permanent: out of memory (1 attempt); retry-failed',
    ]);
  });

  it('says how many windows are in flight where Temporal does not list all of them yet', () => {
    const early = { ...picture, progress: progress({ cvs: letters }, { inFlight: 40 }) };
    expect(lines(early)).toContain('40 windows in flight, 2 listed so far');
    expect(lines(picture)).toContain('2 windows in flight');
  });

  it('fits 60, 80 and 200 columns, and has no escape codes without colour', () => {
    for (const columns of [60, 80, 200]) {
      for (const line of lines(picture, columns)) {
        expect(widthOf(line), line).toBeLessThanOrEqual(columns);
        expect(line).not.toContain('\u001b');
      }
    }
  });

  it('says since when a cluster has not answered, and dims what was known last', () => {
    const unreachable = { ...picture, unreachable: { since: NOW - 90_000, reason: 'connection refused\u001b[2J' } };
    const all = renderStatus(unreachable, NOW, { columns: 80 });
    expect(render(all[0]!, { colour: false })).toBe(
      'us-west-2-prod  no answer since 11:58:30 UTC (1m 30s): connection refused [2J',
    );
    expect(lines(unreachable).slice(1)).toEqual(expect.arrayContaining([`cvs           ${letters} 10/31`]));
    for (const span of all.slice(1).flat()) expect(span).toMatchObject({ style: 'dim' });
  });

  it('says that there is no run, and lists windows that are running nevertheless', () => {
    const { windows } = picture;
    expect(lines({ cluster: 'chat-prod', note: 'no run yet', windows: windows! })).toEqual([
      'chat-prod  no run yet',
      '',
      '2 windows in flight that belong to no run here',
      expect.stringContaining('10m'),
      expect.stringContaining('11m'),
    ]);
  });

  it('lets no hostile text affect the terminal', () => {
    const hostile = progress(
      { cvs: month('f') },
      { statusReason: 'a\u001b[2Jb', attention: [{ message: '\u001b]0;x\u0007', customer: 'c\u001bvs' }] },
    );
    for (const line of lines({ cluster: 'x', progress: hostile })) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through
      expect(line).not.toMatch(/[\u0000-\u001f]/);
    }
  });
});
