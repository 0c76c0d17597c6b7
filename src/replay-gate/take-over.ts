import { decide } from '../backfill/schedule/decide.js';
import { packToFit } from '../backfill/state/pack-to-fit.js';
import type { Packed } from '../backfill/state/packed.js';
import { unpack } from '../backfill/state/unpack.js';
import { progressOf } from '../backfill/views/progress.js';

/** Why this build can't continue from a state that another build handed over; undefined if it can. */
export function takeOver(packed: Packed, now: number): string | undefined {
  try {
    const state = unpack(packed);
    decide(state, now);
    progressOf(state, now);
    packToFit(state, now);
    return undefined;
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}
