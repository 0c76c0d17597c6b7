import type { BackfillHandle } from '../support/run.js';

export const january = (day: number) => `2026-01-${String(day).padStart(2, '0')}`;
export const oneDay = { start: january(1), end: january(2) };
export const tenDays = { start: january(1), end: january(11) };
export const soon = { backoff: '100ms', maxBackoff: '200ms' };

/** How the limit moved, in the words of the log. */
export const moves = async (run: BackfillHandle) =>
  (await run.effects()).filter((effect) => effect.startsWith('limit '));
