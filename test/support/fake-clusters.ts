/** Clusters without a Temporal server: runs of the real core, which answer as the real ones do. */
import type { CommandName } from '../../src/backfill/commands/command.js';
import { customerView, indexAsked } from '../../src/backfill/views/customer.js';
import { progressOf } from '../../src/backfill/views/progress.js';
import { proofOf } from '../../src/backfill/views/proof.js';
import { type Report, reportOf } from '../../src/backfill/views/report.js';
import { WrongInput } from '../../src/runs/input.js';
import type { RunsPage } from '../../src/runs/list.js';
import type { ReadyInput, StartRequest } from '../../src/runs/start.js';
import { type Clusters, type Run, Unanswered } from '../../src/server/jobs/clusters.js';
import { throughJson } from './core.js';
import type { Story } from './story.js';

export interface FakeRun {
  readonly workflowId: string;
  /** Open unless a status says how it ended. */
  readonly status?: 'COMPLETED' | 'FAILED' | 'CANCELLED' | 'TERMINATED';
  readonly story: Story;
  /** When its last execution started. */
  readonly startedAt?: Date;
  readonly closedAt?: Date;
  /** No worker answers for it. */
  silent?: boolean;
}

/** Every question that was asked, as `<question> <cluster>`. */
export class FakeClusters implements Clusters {
  readonly asked: string[] = [];
  readonly sent: { workflowId: string; name: string; argument: object; requestId: string | undefined }[] = [];
  readonly started: { cluster: string; input: ReadyInput; request: StartRequest | undefined }[] = [];
  readonly down = new Set<string>();
  /** How many runs each list was to have. */
  readonly sizes: number[] = [];

  constructor(private readonly fleet: Record<string, FakeRun[]>) {}

  get names(): string[] {
    return Object.keys(this.fleet);
  }

  async connect(cluster: string): Promise<void> {
    this.ask('connect', cluster);
  }

  /** Conditions of visibility are the server's to apply; what it finds too much is left out afterwards. */
  async runs(
    cluster: string,
    page: { conditions: readonly string[]; size: number; token: string | undefined },
  ): Promise<RunsPage> {
    this.ask('runs', cluster);
    this.sizes.push(page.size);
    const from = Number(page.token ?? 0);
    const runs = this.fleet[cluster]!.slice(from, from + page.size).map((run) => this.factsOf(cluster, run));
    const next = from + page.size;
    return { runs, next: next < this.fleet[cluster]!.length ? String(next) : undefined };
  }

  async run(cluster: string, workflowId: string): Promise<Run | undefined> {
    this.ask('run', cluster);
    const found = this.fleet[cluster]!.find((run) => run.workflowId === workflowId);
    return found && this.factsOf(cluster, found);
  }

  progress = async (run: Run) => this.answer(run, 'progress', ({ state, now }) => progressOf(state, now));

  customer = async (run: Run, id: string) =>
    this.answer(run, 'customer', ({ state, now }) => customerView(state, indexAsked(state, { customer: id }), now));

  proof = async (run: Run, id: string) =>
    this.answer(run, 'proof', ({ state }) => proofOf(state, [state.customers[indexAsked(state, id)]!], 1e6));

  async ended(run: Run): Promise<{ report: Report | undefined; reason: string }> {
    this.ask('ended', run.cluster);
    if (run.status === 'TERMINATED') return { report: undefined, reason: 'terminated by alice' };
    const { story } = this.found(run);
    return { report: throughJson(reportOf(story.state, 'completed', story.now)), reason: '' };
  }

  async input(cluster: string, given: Record<string, unknown>): Promise<ReadyInput & { workflowId: string }> {
    const { start, end } = given;
    if (typeof start !== 'string' || typeof end !== 'string') {
      throw new WrongInput([{ field: 'start', expected: 'a UTC day', got: 'nothing' }], given);
    }
    return { input: given, range: { start, end }, workflowId: `backfillscorecards-${cluster}-${start.slice(0, 7)}` };
  }

  async start(cluster: string, input: ReadyInput, request: StartRequest | undefined): Promise<void> {
    this.ask('start', cluster);
    this.started.push({ cluster, input, request });
  }

  async send(run: Run, name: CommandName, argument: object, requestId: string | undefined): Promise<void> {
    this.ask('send', run.cluster);
    this.sent.push({ workflowId: run.workflowId, name, argument, requestId });
  }

  async cancel(run: Run): Promise<void> {
    this.ask('cancel', run.cluster);
    this.sent.push({ workflowId: run.workflowId, name: 'cancel', argument: {}, requestId: undefined });
  }

  private ask(question: string, cluster: string): void {
    this.asked.push(`${question} ${cluster}`);
    if (this.down.has(cluster)) throw new Unanswered('cluster', new Error(`${cluster} is unreachable`));
  }

  private async answer<T>(run: Run, question: string, of: (story: Story) => T): Promise<T> {
    this.ask(question, run.cluster);
    const { silent, story } = this.found(run);
    if (silent) throw new Unanswered('run', new Error(`${run.workflowId} does not answer`));
    return throughJson(of(story));
  }

  private found({ cluster, workflowId }: Run): FakeRun {
    return this.fleet[cluster]!.find((run) => run.workflowId === workflowId)!;
  }

  private factsOf(cluster: string, { workflowId, status, startedAt, closedAt, story }: FakeRun): Run {
    return {
      cluster,
      workflowId,
      runId: `run of ${workflowId}`,
      status: status ?? 'RUNNING',
      startedAt: startedAt ?? new Date(story.state.lifecycle.startedAt),
      closedAt: status ? (closedAt ?? new Date(story.now)) : undefined,
      taskQueue: 'backfill-scorecards',
    };
  }
}
