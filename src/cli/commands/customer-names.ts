import { nearest } from '../../backfill/nearest.js';
import { badUsage } from '../../operations/problem.js';
import { count } from '../../presentation/lines/format.js';
import type { Target } from './send-command.js';

const MOST_NAMED = 8;

/**
 * Checks that the run has the customer, before anything is sent.
 *
 * @throws CommandProblem (exit code 2) with the nearest name, or the names that exist
 */
export function knownCustomer({ run, progress }: Target, id: string): string {
  const out = progress.customersLeftOut;
  const ids = [...progress.customers.map((customer) => customer.id), ...(out?.ids ?? [])];
  // While the run asks its directory, or when not all names fit in its answer, only the run knows whether it has the name.
  if (ids.length === 0 || (out && !out.ids) || ids.includes(id)) return id;
  const { name } = run.session.cluster;
  const suggestion = nearest(id, ids);
  const few = ids.length <= MOST_NAMED ? ids.join(', ') : `${count(ids.length)} others; see backfill customers ${name}`;
  const hint = suggestion ? `did you mean ${suggestion}?` : `it has ${few}`;
  throw badUsage(`${run.workflowId} has no customer ${JSON.stringify(id)}; ${hint}`);
}
