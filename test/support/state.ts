import { evolve } from '../../src/backfill/events/evolve.js';
import type { WindowKey } from '../../src/backfill/hours/window.js';
import { decide } from '../../src/backfill/schedule/decide.js';
import { initialState } from '../../src/backfill/state/initial-state.js';
import type { State } from '../../src/backfill/state/state.js';
import { requestOf, START } from './core.js';

/** A run as it begins, before it knows what it must know for its first window. */
export function newState(input: object, now = START): State {
  const { options, customers } = requestOf(input);
  return initialState(options, customers, now);
}

/** A run that may start its first window. */
export const preparedState = (input: object, now = START): State =>
  evolve(newState(input, now), { kind: 'prepared', at: now });

/** Starts all that may start now; the windows, in order. */
export function startAll(state: State, now: number) {
  const windows: (WindowKey & { attempt: number })[] = [];
  let next = state;
  for (let decision = decide(next, now); decision.kind === 'startWindow'; decision = decide(next, now)) {
    const { kind: _, ...window } = decision;
    windows.push(window);
    next = evolve(next, { kind: 'windowStarted', at: now, ...window });
  }
  return { state: next, windows };
}
