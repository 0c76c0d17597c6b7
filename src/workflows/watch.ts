import { proxyActivities, sleep } from '@temporalio/workflow';
import type { Activities } from '../activities/contract.js';
import { defined } from '../backfill/defined.js';
import { MAX_PARALLELISM } from '../backfill/request/values.js';
import type { BackfillRun } from './run.js';

/**
 * Keeps the run's view of the database's health. The activity answers only when the level has changed, so that the
 * history does not grow while nothing changes. One that fails or goes silent leaves the health unknown, which
 * freezes growth; it is asked again for as long as the run lasts.
 */
export async function watchDatabase(run: BackfillRun): Promise<void> {
  const { probe, cluster } = run.state.options;
  if (!probe) return;
  const { probeDatabase } = proxyActivities<Activities>({
    startToCloseTimeout: '3650 days',
    heartbeatTimeout: Math.max(30_000, 3 * probe.every),
    // Temporal does not retry it: the run must learn that the database is not being probed.
    retry: { maximumAttempts: 1 },
  });
  for (;;) {
    const { level: last, reason, utilization = null } = run.state.pacing.health;
    try {
      const answer = await probeDatabase({ ...probe, last, reason, utilization, ...defined({ cluster }) });
      run.happened({ kind: 'healthChanged', ...answer });
    } catch {
      if (last !== 'unknown')
        run.happened({ kind: 'healthChanged', level: 'unknown', reason: 'the probe went silent' });
      await sleep('10 seconds', { summary: 'until the database is probed again' });
    }
  }
}

const { openHours } = proxyActivities<Activities>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds' },
});

const DAYS_AHEAD = 14;

/**
 * Keeps what the run knows of its working hours. An activity turns local times into instants, because the time-zone data
 * of a later worker may differ, and a replay must see what was decided then.
 */
export async function watchHours(run: BackfillRun): Promise<void> {
  const { hours } = run.state.options;
  if (!hours) return;
  for (;;) {
    // Hours without a limit of their own hold nothing back: what the run's most is by then, an operator may have changed.
    run.happened({
      kind: 'hoursKnown',
      steps: await openHours({ hours, days: DAYS_AHEAD, max: MAX_PARALLELISM }),
    });
    await sleep(`${DAYS_AHEAD / 2} days`, { summary: 'until the working hours are looked up again' });
  }
}
