import { decide } from '../../src/backfill/decide.js';
export function scaleCheck(_seed: number): void {
  void decide;
}
