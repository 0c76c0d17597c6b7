import { parseDay } from '../../../src/backfill/hours/calendar.js';
import { parseWindowId } from '../../../src/backfill/hours/window.js';
import type { Fact } from './facts.js';

/** What the accepted commands so far forbid to start. A new start of the backfill forgets all of it. */
interface Orders {
  paused: boolean;
  pausedCustomers: Set<string>;
  removed: Set<string>;
  /** `customer day`. */
  skipped: Set<string>;
  finishing: boolean;
}

const none = (): Orders => ({
  paused: false,
  finishing: false,
  pausedCustomers: new Set(),
  removed: new Set(),
  skipped: new Set(),
});

/**
 * Windows that a run decided to start although an accepted command forbade it: while paused, over a day left out, of
 * a customer removed, after `finish`. Strict: by the order of events in the run's own history, with no tolerance.
 */
export function disobedience(facts: readonly Fact[]): string[] {
  let orders = none();
  const found: string[] = [];
  for (const fact of facts) {
    if (fact.kind === 'started') orders = none();
    if (fact.kind === 'command' && fact.verdict === 'accepted') obey(orders, fact.name, fact.argument);
    if (fact.kind !== 'windowDecided') continue;
    const reason = forbidden(orders, fact.workflowId);
    if (reason) found.push(`${fact.workflowId} was started ${reason}, at ${new Date(fact.time / 1_000).toISOString()}`);
  }
  return found;
}

function forbidden(orders: Orders, workflowId: string): string | undefined {
  const { customer, interval } = parseWindowId('reindexconversations', workflowId)!;
  if (orders.finishing) return 'after finish';
  if (orders.paused) return 'while paused';
  if (orders.pausedCustomers.has(customer)) return 'while its customer was paused';
  if (orders.removed.has(customer)) return 'after its customer was removed';
  for (const skip of orders.skipped) {
    const [whose, day] = skip.split(' ') as [string, string];
    const start = parseDay(day)!;
    if (whose === customer && interval[0] < start + 24 && start < interval[1]) return `though ${day} was skipped`;
  }
  return undefined;
}

function obey(orders: Orders, name: string, argument: Record<string, unknown>): void {
  const customer = argument.customer as string | undefined;
  const day = `${customer} ${argument.day}`;
  switch (name) {
    case 'pause':
    case 'cancelWindows':
      if (customer === undefined) orders.paused = true;
      else orders.pausedCustomers.add(customer);
      break;
    case 'resume':
      if (customer !== undefined) orders.pausedCustomers.delete(customer);
      else {
        orders.paused = false;
        orders.pausedCustomers.clear();
      }
      break;
    case 'skipDay':
      orders.skipped.add(day);
      break;
    case 'resetDay':
      orders.skipped.delete(day);
      break;
    case 'removeCustomer':
      orders.removed.add(customer!);
      break;
    case 'addCustomers':
      for (const id of argument.customers as string[]) {
        orders.removed.delete(id);
        for (const skip of orders.skipped) if (skip.startsWith(`${id} `)) orders.skipped.delete(skip);
      }
      break;
    case 'finish':
      orders.finishing = true;
      break;
    default:
      // retryFailed and setParallelism forbid nothing by themselves.
      break;
  }
}
