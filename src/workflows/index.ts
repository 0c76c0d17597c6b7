export { backfillScorecards } from './backfill-scorecards.js';
