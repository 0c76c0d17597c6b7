import { metricMeter } from '@temporalio/workflow';
import type { Event } from '../backfill/events/event.js';

const outcomes: Partial<Record<Event['kind'], string>> = {
  windowStarted: 'started',
  windowAdopted: 'adopted',
  windowFound: 'adopted',
  windowCompleted: 'completed',
};

/** Counts windows in `backfill_windows`, by cluster and by what became of them: an outcome or a class of failure. */
export class WindowCounts {
  private readonly since = new Map<string, number>();

  count(event: Pick<Event, 'kind'>): void {
    const outcome = 'failure' in event ? (event.failure as { class: string }).class : outcomes[event.kind];
    if (outcome) this.since.set(outcome, (this.since.get(outcome) ?? 0) + 1);
  }

  /** Reports what was counted since the last time, together: each report leaves the workflow's thread with all that Temporal says of the run. */
  report(cluster: string | undefined): void {
    if (this.since.size === 0) return;
    const counter = metricMeter.createCounter('backfill_windows', '1', 'windows, by what became of them');
    for (const [outcome, windows] of this.since) counter.add(windows, { cluster: cluster ?? '', outcome });
    this.since.clear();
  }
}
