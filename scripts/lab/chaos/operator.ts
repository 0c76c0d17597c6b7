import { setTimeout as sleep } from 'node:timers/promises';
import { eachDay, placedDays } from '../../../src/backfill/views/placed-days.js';
import type { Progress } from '../../../src/backfill/views/progress.js';
import type { Backfill } from './backfill.js';

const QUIET_MS = 3_000;

/**
 * Does what an on-call engineer would, with public commands only, until every day of every customer is done: resumes
 * what is paused or held, retries what failed, brings back what was left out, and starts again a backfill that ended.
 *
 * @returns the last run's progress
 * @throws when that takes longer than `patienceMs`, with what was left
 */
export async function heal(backfill: Backfill, patienceMs: number): Promise<Progress> {
  const deadline = Date.now() + patienceMs;
  let seen: Progress | undefined;
  let before = '';
  let quietSince = Date.now();
  while (Date.now() < deadline) {
    const status = await backfill.status();
    if (status !== 'RUNNING') {
      if (status === 'COMPLETED') {
        seen = await backfill.progress();
        if (seen.totals.done === seen.totals.days && seen.customers.length >= backfill.customers.size) return seen;
      }
      await backfill.start();
    } else {
      seen = await backfill.progress();
      const now = JSON.stringify([seen.totals, seen.parallelism]);
      if (now !== before) quietSince = Date.now();
      before = now;
      for (const [name, argument] of remedies(seen, Date.now() - quietSince > QUIET_MS)) {
        const answer = await backfill.command(name, { ...argument, by: 'operator' }, 'update');
        const { customer } = argument as { customer?: string };
        if (answer.kind === 'refused' && customer && /was removed/.test(answer.why)) {
          await backfill.command('addCustomers', { customers: [customer], by: 'operator' }, 'update');
          break;
        }
      }
    }
    await sleep(250);
  }
  const left = seen && `${seen.status} (${seen.statusReason}) ${seen.customers.map(({ id, days }) => `${id} ${days}`)}`;
  throw new Error(`not complete ${patienceMs / 1_000} s after the last disaster: ${left}`);
}

function remedies(progress: Progress, quiet: boolean): [string, object][] {
  const { status, totals } = progress;
  if (['finishing', 'cancelling', 'completed', 'cancelled'].includes(status)) return [];
  const skipped = placedDays(progress).flatMap((customer) =>
    eachDay(customer).flatMap(([day, letter]): [string, object][] =>
      letter === 's' ? [['resetDay', { customer: customer.id, day }]] : [],
    ),
  );
  return [
    ...skipped,
    ...(totals.failed > 0 ? [['retryFailed', {}] as [string, object]] : []),
    // A customer's pause shows in the status only when nothing else runs.
    ...(quiet || totals.held > 0 || ['paused', 'pausing'].includes(status) ? [['resume', {}] as [string, object]] : []),
  ];
}
