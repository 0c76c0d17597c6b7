import { metricMeter } from '@temporalio/workflow';
import type { Event } from '../backfill/events/event.js';

const outcomes: Partial<Record<Event['kind'], string>> = {
  windowStarted: 'started',
  windowAdopted: 'adopted',
  windowFound: 'adopted',
  windowCompleted: 'completed',
};

/** Counts windows in `backfill_windows`, by cluster and by what became of them: an outcome or a class of failure. */
export function countWindow(event: Pick<Event, 'kind'>, cluster: string | undefined): void {
  const outcome = 'failure' in event ? (event.failure as { class: string }).class : outcomes[event.kind];
  if (!outcome) return;
  const counter = metricMeter.createCounter('backfill_windows', '1', 'windows, by what became of them');
  counter.add(1, { cluster: cluster ?? '', outcome });
}
