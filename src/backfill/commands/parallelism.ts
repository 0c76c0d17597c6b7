import { afterMaxSet, initialPace } from '../pacing/pace.js';
import { countInFlight } from '../state/in-flight.js';
import type { State } from '../state/state.js';
import type { Command } from './command.js';
import type { Effect } from './refused.js';

/** Other limits, at once. Lowering one never cancels a running window. */
export function setParallelism(
  state: State,
  { max, perCustomer, adaptive }: Command & { name: 'setParallelism' },
): Effect {
  const before = state.parallelism;
  const after = {
    ...before,
    ...(max && { max }),
    ...(perCustomer && { perCustomer }),
    ...(adaptive !== undefined && { adaptive }),
  };
  const changes = (Object.keys(after) as (keyof typeof after)[])
    .filter((name) => before[name] !== after[name])
    .map((name) => ({ name, from: String(before[name]), to: String(after[name]) }));
  // The adaptive limit starts from what is in flight, so that switching it on is not itself a shock.
  const pace =
    after.adaptive && !before.adaptive
      ? initialPace({ min: Math.max(1, countInFlight(state)), max: after.max })
      : state.pacing.pace;
  return {
    state: { ...state, parallelism: after, pacing: { ...state.pacing, pace: afterMaxSet(pace, after.max) } },
    outcome: { kind: 'parallelismSet', changes },
  };
}
