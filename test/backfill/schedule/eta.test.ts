import { describe, expect, it } from 'vitest';
import { evolve } from '../../../src/backfill/events/evolve.js';
import type { HoursStep } from '../../../src/backfill/hours/working-hours.js';
import { estimate } from '../../../src/backfill/schedule/eta.js';
import { initialState } from '../../../src/backfill/state/initial-state.js';
import type { State } from '../../../src/backfill/state/state.js';
import { DAY, HOUR, requestOf, START } from '../../support/core.js';

/** A sequential run of thirty days, the first of which took an hour; it works in these hours. */
function running(steps: HoursStep[]): State {
  const hours = [{ from: '00:00', to: '02:00', timeZone: 'UTC' }];
  const { options, customers } = requestOf({ customers: ['cvs'], end: '2026-01-31', hours });
  const key = { customer: 0, hours: [options.start, options.start + 24] as const };
  let state = evolve(initialState(options, customers, START), { kind: 'prepared', at: START });
  state = evolve(state, { kind: 'hoursKnown', at: START, steps });
  state = evolve(state, { kind: 'windowStarted', at: START, ...key, attempt: 1 });
  return evolve(state, { kind: 'windowCompleted', at: START + HOUR, ...key });
}

/** Two hours open each day, as far ahead as a run knows. */
const twoHoursADay = Array.from({ length: 14 }, (_, i) => [
  { at: START + i * DAY, max: 1_000 },
  { at: START + i * DAY + 2 * HOUR, max: 0 },
]).flat();

describe('the estimate of a run with working hours', () => {
  it('counts only the hours in which it works: 29 hours of work at two a day are fifteen days', () => {
    const { eta } = estimate(running(twoHoursADay), START + HOUR);
    expect((eta! - START) / DAY).toBeGreaterThan(14);
    expect((eta! - START) / DAY).toBeLessThan(15);
  });

  it('takes the weeks that it does not know yet to be like the last one known', () => {
    const week = twoHoursADay.slice(0, 16);
    const { eta } = estimate(running(week), START + HOUR);
    expect((eta! - START) / DAY).toBeGreaterThan(13.5);
    expect((eta! - START) / DAY).toBeLessThan(15.5);
  });

  it('is none for a run that never works', () => {
    expect(estimate(running([{ at: START, max: 0 }]), START + HOUR).eta).toBeUndefined();
  });
});
