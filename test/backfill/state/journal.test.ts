import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOG_LENGTH } from '../../../src/backfill/state/journal.js';
import type { LogEntry } from '../../../src/backfill/state/log-entry.js';
import { sentenceOf } from '../../../src/backfill/state/sentence.js';
import type { State } from '../../../src/backfill/state/state.js';
import { paced } from '../../../src/backfill/state/update.js';
import { logView } from '../../../src/backfill/views/log.js';
import { cvs, firstDay, latest } from '../../support/commands.js';
import { START } from '../../support/core.js';
import { newState } from '../../support/state.js';
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

  it('ends with the limit as it is, each move going on from the one before', () => {
    const move = fc.record({
      after: fc.integer({ min: 0, max: 40_000 }),
      limit: fc.integer({ min: 1, max: 6 }),
      why: fc.constantFrom('1 window went well', '2 windows went well'),
    });
    fc.assert(
      fc.property(fc.array(move, { maxLength: 60, size: 'max' }), (moves) => {
        let state = adaptive();
        const steps: number[] = [];
        let at = START;
        for (const { after, limit, why } of moves) {
          at += after;
          if (limit !== state.pacing.pace.limit) steps.push(limit);
          state = movedTo(state, at, limit, why);
          expect(limitsIn(state).at(-1)?.to ?? 1).toBe(limit);
        }
        const entries = limitsIn(state);
        expect(entries.slice(1).map(({ from }) => from)).toEqual(entries.slice(0, -1).map(({ to }) => to));
        expect(entries.reduce((sum, { times = 1 }) => sum + times, 0)).toBe(steps.length);
        expect(entries.map((entry) => entry.at)).toEqual(entries.map((entry) => entry.at).sort((a, b) => a - b));
      }),
    );
  });

  it('has one entry for a climb with one reason, and another one after a minute, on the way down or for another reason', () => {
    const seconds = [0, 1, 2, 30, 59, 61, 62, 63, 64];
    const limits = [2, 3, 4, 5, 6, 7, 6, 7, 8];
    const why = (i: number) => (i === 8 ? 'the database is ok' : '1 window went well');
    const climbed = limits.reduce(
      (state, to, i) => movedTo(state, START + seconds[i]! * SECOND, to, why(i)),
      adaptive(),
    );
    expect(climbed.record.log.map(sentenceOf)).toEqual([
      'limit 1 → 6: 1 window went well, 5 times',
      'limit 6 → 7: 1 window went well',
      'limit 7 → 6: 1 window went well',
      'limit 6 → 7: 1 window went well',
      'limit 7 → 8: the database is ok',
    ]);
  });
});

const SECOND = 1_000;

const adaptive = () => newState({ customers: ['cvs'], parallelism: { max: 8, min: 1, adaptive: true } });

const movedTo = (state: State, at: number, limit: number, why: string) =>
  paced(state, at, (pace) => ({ ...pace, limit, why }));

const limitsIn = ({ record: { log } }: State) => log.filter(({ kind }) => kind === 'limitMoved') as Moved[];

type Moved = LogEntry & { kind: 'limitMoved' };
