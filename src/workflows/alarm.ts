import { CancellationScope, sleep } from '@temporalio/workflow';

/**
 * At most one timer, for the earliest time asked for. Asking for a later time, or none, leaves the timer alone: a ring
 * that turns out to be idle costs less history than a timer cancelled and started again.
 */
export class Alarm {
  private at = Number.POSITIVE_INFINITY;
  private timer: CancellationScope | undefined;

  constructor(private readonly ring: () => void) {}

  /** Rings at `at` (ms since 1970), or earlier. */
  set(at: number | undefined): void {
    if (at === undefined || at >= this.at) return;
    this.timer?.cancel();
    this.at = at;
    const timer = new CancellationScope({ cancellable: true });
    this.timer = timer;
    timer
      .run(() =>
        sleep(Math.max(1, at - Date.now()), { summary: 'until the next window is due, or the operator timeout' }),
      )
      .then(() => {
        this.at = Number.POSITIVE_INFINITY;
        this.ring();
      })
      .catch(() => {});
  }
}
