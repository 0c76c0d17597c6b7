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
  /** Where they can be seen. */
  hint: string;
}

const HINT = 'there is no room for them in one answer; the query `customer` has each: {"customer": "<id>"}';

/** Bytes of the value as JSON in UTF-8. */
export const jsonBytes = (value: unknown): number => new TextEncoder().encode(JSON.stringify(value)).length;

/**
 * The answer with as many of its customers as there is room for, in their order. When not all fit, those with the lowest
 * rank stay; `rest` is all else of the answer, and what it takes is taken from the room.
 *
 * @param rankOf how soon a customer may be left out, from 0 (last of all)
 * @param isDone whether nothing is left to do of a customer
 */
export function withCustomersThatFit<Rest extends object, Customer>(
  rest: Rest,
  customers: readonly Customer[],
  rankOf: (customer: Customer) => number,
  isDone: (customer: Customer) => boolean,
): Rest & { customers: Customer[]; customersLeftOut?: LeftOut } {
  const sizes = customers.map((customer) => jsonBytes(customer) + 1);
  // What names the customers that are left out takes less than these.
  let room = ANSWER_BYTES - jsonBytes(rest) - 1_000;
  if (sizes.reduce((sum, size) => sum + size, 0) <= room) return { ...rest, customers: [...customers] };
  const ranks = customers.map(rankOf);
  const kept = new Set<number>();
  for (const index of customers.map((_, i) => i).sort((a, b) => ranks[a]! - ranks[b]! || a - b)) {
    room -= sizes[index]!;
    if (room < 0) break;
    kept.add(index);
  }
  const done = customers.filter((customer, i) => !kept.has(i) && isDone(customer)).length;
  return {
    ...rest,
    customers: customers.filter((_, i) => kept.has(i)),
    customersLeftOut: { count: customers.length - kept.size, done, hint: HINT },
  };
}
