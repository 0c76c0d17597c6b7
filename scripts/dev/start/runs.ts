import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowExecutionAlreadyStartedError, type WorkflowHandle } from '@temporalio/client';
import type { LogView } from '../../../src/backfill/views/log.js';
import type { Progress } from '../../../src/backfill/views/progress.js';
import type { Report } from '../../../src/backfill/views/report.js';
import { isClosed } from '../../../src/backfill/views/status.js';
import type { RunView } from '../../../src/presentation/status/figures.js';
import { runReport } from '../../../src/runs/run-result.js';
import type { EndedRun } from './story-view.js';

const POLL_MS = 1_000;
const QUERY_TIMEOUT_MS = 10_000;
const SILENCE_MS = 120_000;
const CANCEL_MS = 20_000;

/** The parent workflows of this command, one for each cluster. */
export class Runs {
  private readonly handles = new Map<string, WorkflowHandle>();
  private readonly reports = new Map<string, Report>();
  private views: RunView[] = [];

  constructor(
    private readonly client: Client,
    private readonly address: string,
  ) {}

  /** @throws when a run of this id is open already */
  async start(cluster: string, workflowId: string, request: object): Promise<void> {
    try {
      const handle = await this.client.workflow.start('backfillScorecards', {
        taskQueue: 'backfill-scorecards',
        workflowId,
        args: [request],
      });
      this.handles.set(cluster, handle);
      this.views.push({ name: cluster });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      throw new Error(
        `${workflowId} is running already on ${this.address}. Wait for it to end, or cancel it: ` +
          `temporal workflow cancel --namespace ${this.client.options.namespace} --workflow-id ${workflowId}`,
      );
    }
  }

  /**
   * Follows the runs until all have ended.
   *
   * @param show called with everyone's latest progress, about once a second
   * @returns what each run reports, in the order of their starts
   */
  async follow(show: (runs: readonly RunView[]) => void, signal: AbortSignal): Promise<Report[]> {
    const open = new Set(this.handles.keys());
    const results = [...this.handles].map(async ([cluster, handle]) => {
      this.reports.set(cluster, await runReport(handle));
      open.delete(cluster);
    });
    const all = Promise.all(results).then(() => 'ended' as const);
    let heard = Date.now();
    for (let ended: unknown; ended !== 'ended'; ) {
      ended = await Promise.race([all, sleep(POLL_MS)]);
      signal.throwIfAborted();
      if (await this.look()) heard = Date.now();
      if (ended !== 'ended' && Date.now() - heard > SILENCE_MS) {
        throw new Error(
          `No run has answered for ${SILENCE_MS / 1_000} s, though its worker is up; still open: ${[...open].join(', ')}`,
        );
      }
      show(this.views);
    }
    return [...this.handles.keys()].map((cluster) => this.reports.get(cluster)!);
  }

  /** Once all have ended: each report with the run's log, in the order of their starts. Needs the worker. */
  async ended(): Promise<EndedRun[]> {
    const { connection } = this.client;
    return connection.withDeadline(Date.now() + QUERY_TIMEOUT_MS, () =>
      Promise.all(
        [...this.handles].map(async ([cluster, handle]): Promise<EndedRun> => {
          const report = this.reports.get(cluster)!;
          const log = await handle.query<LogView[]>('log').catch(() => undefined);
          return log ? { report, log } : { report };
        }),
      ),
    );
  }

  /** Asks the open runs to cancel and waits for them a while: for a server that outlives this command. */
  async cancel(): Promise<void> {
    const open = [...this.handles].filter(([cluster]) => !this.reports.has(cluster));
    const closed = open.map(async ([, handle]) => {
      await handle.cancel();
      await handle.result().catch(() => {});
    });
    await Promise.race([Promise.allSettled(closed), sleep(CANCEL_MS, undefined, { ref: false })]);
  }

  /** Whether any run answered. A busy worker may be late; then the last answer stands. */
  private async look(): Promise<boolean> {
    let heard = false;
    const { connection } = this.client;
    this.views = await connection.withDeadline(Date.now() + QUERY_TIMEOUT_MS, () =>
      Promise.all(
        this.views.map(async (view): Promise<RunView> => {
          if (view.progress && isClosed(view.progress)) return view;
          try {
            const progress = await this.handles.get(view.name)!.query<Progress>('progress');
            heard = true;
            return { name: view.name, progress };
          } catch {
            return view;
          }
        }),
      ),
    );
    return heard;
  }
}
