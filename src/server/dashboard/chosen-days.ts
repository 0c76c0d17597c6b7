import { z } from 'zod';
import { dayNumber, dayNumbered, eachDay, type PlacedDays } from '../../backfill/views/placed-days.js';

/** One day of one customer. */
export type CustomerDay = { readonly customer: string; readonly day: string };

/** Chosen in the heat map: customers, each with its first cell's first day and how many days. */
const SELECTION = z.array(z.tuple([z.string(), z.iso.date(), z.int().positive()]));

/** The days for which a command does something: those that wait, wait already; only failed ones are retried. */
const FOR: Record<string, RegExp> = { resetDay: /[^.]/, skipDay: /[^ds]/, retryDay: /f/ };

/** What the selection of a page means for a command. `chosen` counts all of its days. */
export function chosenDays(
  text: string,
  command: string,
  rows: readonly PlacedDays[],
): { chosen: number; days: CustomerDay[] } | undefined {
  const selection = selectionIn(text);
  const concerned = FOR[command];
  if (!selection || !concerned) return undefined;
  const own = new Map(rows.map((row) => [row.id, row]));
  const days: CustomerDay[] = [];
  let chosen = 0;
  for (const [customer, first, amount] of selection) {
    const row = own.get(customer);
    const end = dayNumbered(dayNumber(first) + amount);
    for (const [day, letter] of row ? eachDay(row) : []) {
      if (day < first || day >= end) continue;
      chosen++;
      if (concerned.test(letter)) days.push({ customer, day });
    }
  }
  return { chosen, days };
}

function selectionIn(text: string): z.infer<typeof SELECTION> | undefined {
  try {
    return SELECTION.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
