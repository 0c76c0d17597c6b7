import { counted } from '../words.js';
import type { DayCount } from './ledger.js';

const MISSING = 'have no current scorecard';

/** `12 of 3,400 conversations have no current scorecard`; with `repairs`, that they still have none after so many. */
export function shortfall([conversations, missing]: DayCount, repairs?: number): string {
  const of = `${missing.toLocaleString('en-US')} of ${conversations.toLocaleString('en-US')} conversations`;
  return repairs === undefined ? `${of} ${MISSING}` : `${of} still ${MISSING} after ${counted(repairs, 'repair')}`;
}
