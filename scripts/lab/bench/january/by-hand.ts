import type { WorkflowHandle } from '@temporalio/client';
import { argumentOf, type Scenario, type WindowOfDays } from './fleet.js';
import type { Stack } from './stack.js';

/** What a script can do: start windows, wait for them, cancel them. No back-off, no learning. */
export class ByHand {
  private readonly scenario: Scenario;
  private rounds = 0;

  constructor(
    private readonly stack: Stack,
    private readonly prefix: string,
  ) {
    this.scenario = stack.scenario;
  }

  /**
   * Runs these windows, at most so many at once, and gives back those that did not complete. Once `signal` is aborted it
   * starts nothing more, cancels what runs, and waits until that has ended.
   */
  async run(windows: readonly WindowOfDays[], atOnce: number, signal: AbortSignal): Promise<WindowOfDays[]> {
    const round = ++this.rounds;
    const waiting = [...windows];
    const left: WindowOfDays[] = [];
    const running = new Set<WorkflowHandle>();
    const cancelAll = () => {
      for (const handle of running) handle.cancel().catch(() => {});
    };
    signal.addEventListener('abort', cancelAll);
    const lane = async () => {
      for (let window = waiting.shift(); window; window = waiting.shift()) {
        if (signal.aborted || !(await this.completes(window, round, running, signal))) left.push(window);
      }
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, windows.length) }, lane));
    signal.removeEventListener('abort', cancelAll);
    return left;
  }

  private async completes(
    window: WindowOfDays,
    round: number,
    running: Set<WorkflowHandle>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { customerId, from, to } = window;
    const handle = await this.stack.client.workflow.start('reindexconversations', {
      taskQueue: 'ingestion',
      workflowId: `${this.prefix}-${customerId}-${from}-${to}-round-${round}`,
      args: [argumentOf(this.scenario, window)],
    });
    running.add(handle);
    if (signal.aborted) await handle.cancel();
    try {
      await handle.result();
      return true;
    } catch {
      return false;
    } finally {
      running.delete(handle);
    }
  }
}
