import { describe, expect, it } from 'vitest';
import { decide } from '../../../src/backfill/schedule/decide.js';
import { initialState } from '../../../src/backfill/state/initial-state.js';
import type { PreparationStep } from '../../../src/backfill/state/preparation.js';
import { statusOf } from '../../../src/backfill/views/status.js';
import { days, latest, skip } from '../../support/commands.js';
import { requestOf, START } from '../../support/core.js';
import { newState } from '../../support/state.js';
import { given, happens, nextStarts, type Story } from '../../support/story.js';

describe('a run that is still preparing', () => {
  const begins = (step: PreparationStep) => happens((at) => ({ kind: 'preparationBegan', at, step }));
  const preparing = (story: Partial<Story> = {}) =>
    given(() => ({ state: newState({ customers: ['cvs'] }), now: START, ...story }));

  it('starts nothing, takes commands, and says what it waits for', () => {
    preparing()
      .when(skip('2026-01-01'))
      .then((story) => {
        expect(decide(story.state, story.now)).toEqual({ kind: 'wait' });
        expect(statusOf(story.state)).toMatchObject({
          status: 'running',
          reason: 'looking up search attributes',
        });
        expect(days(story)).toBe('s..');
      });
  });

  it('says why its directory did not answer, how often, and nothing of it at the next step', () => {
    const fails = happens((at) => ({ kind: 'preparationFailed', at, error: 'connection refused' }));
    const reason = (story: Story) => statusOf(story.state).reason;
    preparing()
      .when(begins('directory'), fails, fails)
      .then((story) => {
        expect(reason(story)).toBe('asking the customer directory; attempt 3, latest error: connection refused');
      });
    preparing()
      .when(begins('directory'), fails, begins('windows'))
      .then((story) => expect(reason(story)).toBe('looking for windows that are already running'));
  });

  it('logs that it continues without what is optional, and why', () => {
    preparing()
      .when(
        happens((at) => ({ kind: 'preparationFailed', at, error: 'not allowed' })),
        happens((at) => ({ kind: 'preparationGivenUp', at })),
      )
      .then((story) => {
        expect(latest(story)).toBe('gave up looking up search attributes after 1 attempt, latest error: not allowed');
      });
  });

  it('does not end when all its days are skipped, since more may be found', () => {
    preparing()
      .when(skip('2026-01-01'), skip('2026-01-02'), skip('2026-01-03'))
      .then((story) => expect(decide(story.state, story.now)).toEqual({ kind: 'wait' }));
  });

  it('takes the customers of the directory, and names those excluded in vain', () => {
    const { options, customers } = requestOf({ customers: ['cvs'] });
    given(() => ({ state: initialState(options, [], START), now: START }), begins('directory'))
      .when(
        happens((at) => ({ kind: 'customersListed', at, customers, unknown: ['nobody'] })),
        happens((at) => ({ kind: 'prepared', at })),
      )
      .then((story, before) => {
        expect(statusOf(before.state).reason).toMatch(/asking the customer directory/);
        expect(latest(story)).toMatch(/1 customer .*excluded, but not in it: nobody/);
        expect(nextStarts(story)).toEqual(['cvs-2026-01-01']);
      });
  });
});
