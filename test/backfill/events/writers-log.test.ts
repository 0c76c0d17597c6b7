import fc from 'fast-check';
import { expect, it } from 'vitest';
import { withFound } from '../../../src/backfill/events/writers.js';
import {
  afterContention,
  afterOverload,
  afterStart,
  afterSuccess,
  initialWriters,
  type Writers,
} from '../../../src/backfill/pacing/writers.js';
import type { State } from '../../../src/backfill/state/state.js';
import { MINUTE, START } from '../../support/core.js';
import { newState } from '../../support/state.js';

const SECOND = 1_000;
const room = { max: 16, free: 16 };

const stateOf = () => newState({ customers: ['cvs', 'oportun'] });

const foundIn = ({ customers: [first] }: State): Writers => first!.pacing.foundWriters ?? initialWriters;

const movesIn = ({ record: { log } }: State) =>
  log.flatMap((entry) => (entry.kind === 'writersMoved' && entry.customer === 'cvs' ? [entry] : []));

const lastWord = (state: State) => movesIn(state).at(-1)?.to ?? 1;

/** What may happen to a customer's writers. `seconds`: what each of so many windows in a row took. */
const happening = fc.record({
  kind: fc.constantFrom('start', 'start', 'success', 'success', 'success', 'contention', 'overload'),
  after: fc.integer({ min: 1, max: 2 * MINUTE }),
  windows: fc.integer({ min: 1, max: 8 }),
  seconds: fc.integer({ min: 1, max: 60 }),
  seen: fc.boolean(),
});

type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

function after(writers: Writers, { kind, windows, seconds, seen }: Happening, at: number): Writers[] {
  if (kind === 'start') return [afterStart(writers, { at, inFlight: writers.count + 1, ...room })];
  if (kind === 'overload') return [afterOverload(writers, at)];
  if (kind === 'contention') return [afterContention(writers, { startedAt: at - seconds * SECOND, at })];
  const window = { startedAt: Math.max(writers.movedAt, at - seconds * SECOND), at, work: 1_000, full: true, seen };
  const all = [writers];
  for (let i = 0; i < windows; i++) all.push(afterSuccess(all.at(-1)!, window));
  return all;
}

it('the last word of the log is how many writers a customer has, or had before the trial that is on', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 150, size: 'max' }), (happenings) => {
      let state = stateOf();
      let at = START;
      for (const one of happenings) {
        at += one.after;
        for (const writers of after(foundIn(state), one, at)) {
          state = withFound(state, 0, writers, at);
          expect(lastWord(state)).toBe(writers.trial?.from ?? writers.count);
        }
      }
    }),
    { numRuns: 100 },
  );
});

const one = { ...initialWriters, movedAt: START };
const onTrial = { ...one, count: 2, trial: { from: 1, rate: 1 }, why: '2 windows went well with 1' };
const back = (minute: number) => ({ ...one, why: `contention at ${minute}` });

type Move = [minute: number, writers: Writers];

const withMoves = (...moves: Move[]) =>
  moves.reduce((state, [minute, writers]) => withFound(state, 0, writers, START + minute * MINUTE), stateOf());

it('a trial is in the log once it has ended, from the number before it', () => {
  const why = '+60% conversations a second, compared with 1';
  const state = withMoves([0, onTrial], [1, back(1)], [2, onTrial], [3, { ...one, count: 2, why }]);
  expect(movesIn(state).map(({ from, to, why }) => [from, to, why])).toEqual([
    [1, 1, 'contention at 1'],
    [1, 2, why],
  ]);
});
