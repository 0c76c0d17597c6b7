export { backfillScorecards } from './backfill-scorecards.js';
export { backfillNotifications } from './notify.js';
export { replayGate } from './replay-gate.js';
