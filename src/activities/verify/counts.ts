import { ApplicationFailure } from '@temporalio/activity';
import { parseDay } from '../../backfill/hours/calendar.js';
import { dayOf } from '../../backfill/state/ledger.js';
import type { CheckedDay, CheckQuery } from '../contract.js';

const COLUMNS = ['window', 'day', 'conversations', 'missing'] as const;

/** The result of a statement, all values as the server writes them. */
interface Answer {
  fields: { name: string }[];
  rows: Record<string, string | null>[];
}

/**
 * The counts of each window. Strict, since a statement that counts something else must not become a proof.
 *
 * @throws ApplicationFailure `VerifyInvalid` that names the first mistake, what was expected and what was got
 */
export function countsOf({ fields, rows }: Answer, windows: CheckQuery['windows']): CheckedDay[][] {
  const names = fields.map(({ name }) => name);
  if (!COLUMNS.every((name) => names.includes(name))) {
    throw wrong(`the columns ${COLUMNS.join(', ')}`, names.length === 0 ? 'none' : names.join(', '));
  }
  const counts = windows.map((): CheckedDay[] => []);
  for (const row of rows) {
    const window = wholeNumber(row.window, 'window', 1, windows.length);
    const [from, to] = windows[window - 1]!.hours;
    const start = parseDay(row.day ?? '');
    if (start === undefined) throw wrong('day: a date such as 2026-01-31', shown(row.day));
    const day = dayOf(start);
    if (day < dayOf(from) || day > dayOf(to - 1)) throw wrong(`day: a day of window ${window}`, shown(row.day));
    const conversations = wholeNumber(row.conversations, 'conversations', 0, Number.MAX_SAFE_INTEGER);
    const missing = wholeNumber(row.missing, 'missing', 0, conversations);
    const list = counts[window - 1]!;
    if (list.some(([other]) => other === day)) {
      throw wrong('one row for each window and day', `two for window ${window}, ${row.day}`);
    }
    list.push([day, conversations, missing]);
  }
  for (const list of counts) list.sort(([a], [b]) => a - b);
  return counts;
}

function wholeNumber(text: string | null | undefined, name: string, least: number, most: number): number {
  const value = /^\d{1,15}$/.test(text ?? '') ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw wrong(`${name}: a whole number from ${least} to ${most}`, shown(text));
}

const shown = (text: string | null | undefined) => (text ?? 'null').slice(0, 40);

const wrong = (expected: string, got: string) =>
  ApplicationFailure.nonRetryable(`the verify SQL: expected ${expected}; got ${got}`, 'VerifyInvalid');
