import { describe, expect, it } from 'vitest';
import { LOG_LENGTH } from '../../../src/backfill/state/journal.js';
import { sentenceOf } from '../../../src/backfill/state/sentence.js';
import { logView } from '../../../src/backfill/views/log.js';
import { cvs, firstDay, latest } from '../../support/commands.js';
import { START } from '../../support/core.js';
import { backfill, command, given } from '../../support/story.js';

describe('the log', () => {
  it('keeps each command with who sent it and what it changed', () => {
    given(cvs)
      .when(command('skip-day', { ...firstDay, by: 'ana' }))
      .then((story) =>
        expect(logView(story.state).at(-1)).toMatchObject({
          at: new Date(START).toISOString(),
          what: 'skipDay',
          by: 'ana',
          effect: 'cvs 2026-01-01: was waiting, is skipped',
        }),
      );
  });

  it('keeps the latest 200 entries, and no endless texts', () => {
    const many = Array.from({ length: 250 }, (_, i) =>
      command('setParallelism', { max: 1 + (i % 2), perCustomer: 1 + i }),
    );
    given(backfill({ customers: Array.from({ length: 200 }, (_, i) => `customer-with-a-long-name-${i}`) }), ...many)
      .when(
        command('addCustomers', { customers: Array.from({ length: 200 }, (_, i) => `another-with-a-long-name-${i}`) }),
      )
      .then((story) => {
        expect(story.state.record.log).toHaveLength(LOG_LENGTH);
        expect(sentenceOf(story.state.record.log.at(-2)!)).toMatch(/perCustomer 249 → 250/);
        expect(latest(story).length).toBeLessThan(510);
      });
  });
});
