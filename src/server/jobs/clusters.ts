import type { CommandName } from '../../backfill/commands/command.js';
import type { Fields } from '../../backfill/json.js';
import type { CustomerView } from '../../backfill/views/customer.js';
import type { Progress } from '../../backfill/views/progress.js';
import type { Proof } from '../../backfill/views/proof.js';
import type { Report } from '../../backfill/views/report.js';
import type { RunsPage } from '../../runs/list.js';
import type { RunFacts } from '../../runs/run.js';
import type { ReadyInput, StartRequest } from '../../runs/start.js';

/** How a closed run ended: with a report, or why without one. */
export interface Ended {
  readonly report: Report | undefined;
  readonly reason: string;
}

export type Run = Omit<RunFacts, 'memo' | 'pause'> & { readonly cluster: string; readonly pause?: string | undefined };

/** What the job API asks of the clusters. Every question throws {@link Unanswered} when the cluster, or the run's worker, does not answer. */
export interface Clusters {
  /** In the order of the fleet file. */
  readonly names: readonly string[];
  /** Connects, if it is not connected. Costs nothing while it is. */
  connect(cluster: string): Promise<void>;
  runs(
    cluster: string,
    page: { conditions: readonly string[]; size: number; token: string | undefined },
  ): Promise<RunsPage>;
  /** The newest run of this workflow id that is the cluster's. */
  run(cluster: string, workflowId: string): Promise<Run | undefined>;
  progress(run: Run): Promise<Progress>;
  customer(run: Run, id: string): Promise<CustomerView>;
  proof(run: Run, id: string): Promise<Proof>;
  /** Of a closed run. */
  ended(run: Run): Promise<Ended>;
  /** @throws WrongInput or DirectoryProblem */
  input(cluster: string, given: Fields): Promise<ReadyInput & { readonly workflowId: string }>;
  start(cluster: string, input: ReadyInput, request: StartRequest | undefined): Promise<void>;
  send(run: Run, name: CommandName, argument: object, requestId: string | undefined): Promise<void>;
  cancel(run: Run): Promise<void>;
}

/** The cluster, or the run's worker, did not answer. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';

  constructor(
    readonly who: 'cluster' | 'run',
    cause: unknown,
  ) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
