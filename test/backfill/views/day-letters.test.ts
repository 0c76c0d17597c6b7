import { describe, expect, it } from 'vitest';
import { dayLetters } from '../../../src/backfill/views/day-letters.js';
import { days, eventful } from '../../support/eventful.js';
import { backfill, command, completes, fails, given, passes, starts } from '../../support/story.js';

const hours = (from: string, to: string) => `cvs-2026-01-01T${from}--2026-01-${to === '24' ? '02T00' : `01T${to}`}`;

const halves = backfill({
  customers: ['cvs'],
  end: '2026-01-02',
  window: '12h',
  parallelism: { max: 2, perCustomer: 2 },
  retry: { unknown: { attempts: 1 } },
});

const verified = backfill({
  customers: ['cvs'],
  end: '2026-01-02',
  window: '12h',
  parallelism: { max: 2, perCustomer: 2 },
  ...{ retry: { unknown: { attempts: 1 } }, verify: 'report' },
});

const [morning, evening] = [hours('00', '12'), hours('12', '24')];

describe('the letter of a day', () => {
  it('is the state of all of it', () => {
    expect(eventful.state.customers.map(dayLetters)).toEqual(['dr..', 'f...', 'hrs.']);
  });

  it('is p when a part is done and the rest waits', () => {
    given(halves, starts(1))
      .when(completes(morning))
      .then((story) => expect(days(story)).toBe('p'));
  });

  it('is r when a part runs, whatever the rest is', () => {
    given(halves, starts())
      .when(fails(morning))
      .then((story) => expect(days(story)).toBe('r'));
  });

  it('is v when a part waits for its check and no part runs', () => {
    const both = given(verified, starts());
    both.when(completes(morning)).then((story) => expect(days(story)).toBe('r'));
    both.when(completes(morning), completes(evening)).then((story) => expect(days(story)).toBe('v'));
    both.when(completes(morning), fails(evening)).then((story) => expect(days(story)).toBe('v'));
  });

  it('is f before h, and either before d and p', () => {
    given(halves, starts(), fails(morning, 'stopped'))
      .when(fails(evening))
      .then((story) => expect(days(story)).toBe('f'));
    given(halves, starts(), completes(morning))
      .when(fails(evening, 'stopped'))
      .then((story) => expect(days(story)).toBe('h'));
    given(halves, starts(1), fails(morning))
      .when(passes(0))
      .then((story) => expect(days(story)).toBe('f'));
  });

  it('is s when what is not done of it is left out', () => {
    given(halves, starts(1), completes(morning))
      .when(command('skipDay', { customer: 'cvs', day: '2026-01-01' }))
      .then((story) => expect(days(story)).toBe('s'));
  });
});
