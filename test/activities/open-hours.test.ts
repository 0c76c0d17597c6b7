import { describe, expect, it } from 'vitest';
import { openHours } from '../../src/activities/open-hours.js';
import type { WorkingHours } from '../../src/backfill/request/options.js';
import { parseRequest } from '../../src/backfill/request/request.js';
import { limitNow } from '../../src/backfill/schedule/limit.js';
import { initialState } from '../../src/backfill/state/initial-state.js';
import type { State } from '../../src/backfill/state/state.js';

const everyDay = [0, 1, 2, 3, 4, 5, 6];
const at = (text: string) => Date.parse(text);
const minutes = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

function steps(entry: Partial<WorkingHours> & { timeZone: string }, now: string, days = 3, most = 8) {
  const hours = [{ days: everyDay, from: 22 * 60, to: 6 * 60, ...entry }];
  return openHours(hours, days, most, at(now)).map(
    (step) => `${new Date(step.at).toISOString().slice(0, 16)} ${step.max}`,
  );
}

describe('working hours as steps of the limit', () => {
  it('over night reach into the next day', () => {
    expect(steps({ timeZone: 'UTC' }, '2026-01-10T12:00:00Z', 2)).toEqual([
      '2026-01-10T12:00 0',
      '2026-01-10T22:00 8',
      '2026-01-11T06:00 0',
      '2026-01-11T22:00 8',
      '2026-01-12T06:00 0',
    ]);
  });

  it('that opened yesterday are open now', () => {
    expect(steps({ timeZone: 'UTC' }, '2026-01-10T03:00:00Z', 1)[0]).toBe('2026-01-10T03:00 8');
  });

  it('are an hour shorter in the night when clocks go forward in Berlin', () => {
    expect(steps({ timeZone: 'Europe/Berlin' }, '2026-03-28T12:00:00Z', 2)).toEqual([
      '2026-03-28T12:00 0',
      '2026-03-28T21:00 8',
      '2026-03-29T04:00 0',
      '2026-03-29T20:00 8',
      '2026-03-30T04:00 0',
    ]);
  });

  it('are an hour longer in the night when clocks go back in New York', () => {
    expect(steps({ timeZone: 'America/New_York' }, '2026-10-31T18:00:00Z', 1)).toEqual([
      '2026-10-31T18:00 0',
      '2026-11-01T02:00 8',
      '2026-11-01T11:00 0',
    ]);
  });

  it('that begin just before clocks go forward begin at the old time', () => {
    const early = { timeZone: 'Europe/Berlin', from: 60, to: 5 * 60 };
    expect(steps(early, '2026-03-28T12:00:00Z', 2)).toEqual([
      '2026-03-28T12:00 0',
      '2026-03-29T00:00 8',
      '2026-03-29T03:00 0',
    ]);
  });

  // Berlin skips 02:00 to 03:00 at 01:00Z, and repeats it from 01:00Z. New York skips 02:00 to 03:00 at 07:00Z, and
  // repeats 01:00 to 02:00 from 06:00Z.
  it.each([
    ['start in the hour that is skipped', 'Europe/Berlin', '2026-03-29', '02:30', '06:00', '01:00', '04:00'],
    ['start in the hour that is skipped', 'America/New_York', '2026-03-08', '02:30', '06:00', '07:00', '10:00'],
    ['end in the hour that is skipped', 'Europe/Berlin', '2026-03-29', '00:00', '02:30', '23:00', '01:00'],
    ['end in the hour that is skipped', 'America/New_York', '2026-03-08', '00:00', '02:30', '05:00', '07:00'],
    ['reach overnight into the skipped hour', 'Europe/Berlin', '2026-03-28', '22:00', '02:30', '21:00', '01:00'],
    ['reach overnight into the skipped hour', 'America/New_York', '2026-03-07', '22:00', '02:30', '03:00', '07:00'],
    ['are all skipped', 'Europe/Berlin', '2026-03-29', '02:10', '02:50', 'never', 'never'],
    ['start in the hour that is repeated', 'Europe/Berlin', '2026-10-25', '02:30', '06:00', '00:30', '05:00'],
    ['start in the hour that is repeated', 'America/New_York', '2026-11-01', '01:30', '06:00', '05:30', '11:00'],
    ['end in the hour that is repeated', 'Europe/Berlin', '2026-10-25', '00:00', '02:30', '22:00', '00:30'],
    ['end in the hour that is repeated', 'America/New_York', '2026-11-01', '00:00', '01:30', '04:00', '05:30'],
    ['reach overnight into the repeated hour', 'Europe/Berlin', '2026-10-24', '22:00', '02:30', '20:00', '00:30'],
    ['reach overnight into the repeated hour', 'America/New_York', '2026-10-31', '22:00', '01:30', '02:00', '05:30'],
    ['contain the repeated hour', 'Europe/Berlin', '2026-10-25', '01:00', '04:00', '23:00', '03:00'],
  ])('that %s are not an hour early or late: %s on %s', (_, timeZone, date, from, to, opens, closes) => {
    const noonBefore = at(date) - 12 * 3_600_000;
    const entry = { days: [new Date(date).getUTCDay()], timeZone, from: minutes(from), to: minutes(to) };
    const found = openHours([entry], 3, 8, noonBefore).slice(1);
    expect(found.map((step) => `${new Date(step.at).toISOString().slice(11, 16)} ${step.max}`)).toEqual(
      opens === 'never' ? [] : [`${opens} 8`, `${closes} 0`],
    );
  });

  it('of two entries that meet leave no hole and do not overlap when clocks change', () => {
    for (const [timeZone, date] of [
      ['Europe/Berlin', '2026-03-29'],
      ['Europe/Berlin', '2026-10-25'],
      ['America/New_York', '2026-03-08'],
      ['America/New_York', '2026-11-01'],
    ] as const) {
      const day = { days: [0], timeZone };
      const entries = ['01:15', '01:45', '02:00', '02:30', '03:00'].map((meets) => [
        { ...day, from: 0, to: minutes(meets), max: 2 },
        { ...day, from: minutes(meets), to: minutes('06:00'), max: 1 },
      ]);
      for (const hours of entries) {
        expect(openHours(hours, 3, 8, at(date) - 86_400_000).map(({ max }) => max)).toEqual([0, 2, 1, 0]);
      }
    }
  });

  it('count by the local day of the week', () => {
    // Friday 22:00 in New York is Saturday in UTC.
    const friday = { days: [5], timeZone: 'America/New_York', from: 22 * 60, to: 24 * 60 };
    expect(steps(friday, '2026-01-08T00:00:00Z', 4)).toEqual([
      '2026-01-08T00:00 0',
      '2026-01-10T03:00 8',
      '2026-01-10T05:00 0',
    ]);
  });

  it('of several entries give the larger limit where they overlap', () => {
    const day = { days: everyDay, timeZone: 'UTC' };
    const hours = [
      { ...day, from: 8 * 60, to: 18 * 60, max: 2 },
      { ...day, from: 12 * 60, to: 13 * 60, max: 5 },
    ];
    const found = openHours(hours, 1, 8, at('2026-01-10T00:00:00Z')).map(({ max }) => max);
    expect(found).toEqual([0, 2, 5, 2, 0]);
  });
});

describe('the limit in working hours', () => {
  const now = at('2026-01-10T00:00:00Z');
  const withSteps = (openHours: State['pacing']['openHours']): State => {
    const input = { start: '2026-01-01', end: '2026-01-02', customers: ['cvs'], parallelism: 8 };
    const parsed = parseRequest({ ...input, hours: [{ from: '22:00', to: '06:00', timeZone: 'UTC', max: 4 }] });
    if (!parsed.ok || parsed.value.customers === 'all') throw new Error('the request is wrong');
    const state = initialState(parsed.value.options, parsed.value.customers, now);
    return { ...state, pacing: { ...state.pacing, ...(openHours && { openHours }) } };
  };

  it('is none before the hours are known', () => {
    expect(limitNow(withSteps(undefined), now).limit).toBe(0);
  });

  it('is none outside them, until they begin', () => {
    const state = withSteps([
      { at: now - 1, max: 0 },
      { at: now + 60_000, max: 4 },
    ]);
    expect(limitNow(state, now)).toMatchObject({ limit: 0, until: now + 60_000 });
    expect(limitNow(state, now).why).toContain('2026-01-10T00:01:00');
  });

  it("is theirs where that is less than the run's", () => {
    expect(limitNow(withSteps([{ at: now, max: 4 }]), now).limit).toBe(4);
    expect(limitNow(withSteps([{ at: now, max: 40 }]), now).limit).toBe(8);
  });
});
