export { backfillScorecards } from './backfill-scorecards.js';
export { replayGate } from './replay-gate.js';
