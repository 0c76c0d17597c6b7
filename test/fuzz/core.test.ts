import { expect, it } from 'vitest';
import { fuzz } from '../support/core-fuzz.js';

/** More with `npm run fuzz -- --seeds 2500`. */
const SEEDS = 300;

it('whatever the world does to a run, nothing done is lost or unasked for, no limit is passed, and the run ends', () => {
  const endings = new Set<string>();
  for (let seed = 1; seed <= SEEDS; seed++) endings.add(fuzz(seed).ending);
  expect([...endings].sort()).toEqual(['completed', 'incomplete']);
}, 120_000);
