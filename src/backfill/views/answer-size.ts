import { jsonBytes } from '../json.js';

/**
 * The most bytes that one answer or result may have. The server takes payloads up to 2 MB: a query whose answer is
 * larger fails, and a run whose result is larger can't end.
 */
export const ANSWER_BYTES = 1_500_000;

/** Those of a list that an answer has no room for. */
export interface LeftOut {
  count: number;
  /** Customers among them of whom nothing is left to do. */
  done: number;
  /** Who they are; absent where the names alone would take more than half of the answer. */
  ids?: string[];
  /** Where they can be seen. */
  hint: string;
}

const HINT = 'there is no room for them in one answer; the query `customer` has each: {"customer": "<id>"}';

/**
 * The answer with as many of its customers as there is room for, in their order. When not all fit, those with the lowest
 * rank stay; `rest` is all else of the answer, and what it takes is taken from the room.
 *
 * @param rankOf how soon a customer may be left out, from 0 (last of all)
 * @param isDone whether nothing is left to do of a customer
 */
export function withCustomersThatFit<Rest extends object, Customer extends { id: string }>(
  rest: Rest,
  customers: readonly Customer[],
  rankOf: (customer: Customer) => number,
  isDone: (customer: Customer) => boolean,
): Rest & { customers: Customer[]; customersLeftOut?: LeftOut } {
  const sizes = customers.map(sizeInList);
  const room = roomBeside(rest);
  if (sum(sizes) <= room) return { ...rest, customers: [...customers] };
  const names = customers.map(({ id }) => sizeInList(id));
  const named = sum(names) <= room / 2;
  // With every name counted beforehand, a customer that stays takes only what it has beside its name.
  const kept = named
    ? thoseThatFit(customers.map(rankOf), subtracted(sizes, names), room - sum(names))
    : thoseThatFit(customers.map(rankOf), sizes, room);
  const out = customers.filter((_, i) => !kept.has(i));
  return {
    ...rest,
    customers: customers.filter((_, i) => kept.has(i)),
    customersLeftOut: {
      count: out.length,
      done: out.filter(isDone).length,
      ...(named ? { ids: out.map(({ id }) => id) } : {}),
      hint: HINT,
    },
  };
}

/**
 * As many items of a list as an answer has room for beside the rest of it, in their order, and how many are left out.
 *
 * @param rankOf how soon an item may be left out, the smallest last of all
 */
export function itemsThatFit<Item>(
  rest: object,
  items: readonly Item[],
  rankOf: (item: Item, index: number) => number,
): { kept: Item[]; leftOut: number } {
  const kept = thoseThatFit(items.map(rankOf), items.map(sizeInList), roomBeside(rest));
  return { kept: items.filter((_, i) => kept.has(i)), leftOut: items.length - kept.size };
}

/** What says how many are left out takes less than what is kept free here. */
const roomBeside = (rest: object): number => ANSWER_BYTES - jsonBytes(rest) - 1_000;

/** With the comma after it. */
const sizeInList = (item: unknown): number => jsonBytes(item) + 1;

const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);

const subtracted = (sizes: readonly number[], less: readonly number[]) => sizes.map((size, i) => size - less[i]!);

/** Indexes of what fits: the lowest ranks first, and of the same rank the earlier ones, until one has no room. */
function thoseThatFit(ranks: readonly number[], sizes: readonly number[], room: number): Set<number> {
  const kept = new Set<number>();
  let left = room;
  for (const index of ranks.map((_, i) => i).sort((a, b) => ranks[a]! - ranks[b]! || a - b)) {
    left -= sizes[index]!;
    if (left < 0) break;
    kept.add(index);
  }
  return kept;
}
