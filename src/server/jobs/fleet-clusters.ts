import type { CommandName } from '../../backfill/commands/command.js';
import type { Fields } from '../../backfill/json.js';
import type { Progress } from '../../backfill/views/progress.js';
import { type Cluster, type ClusterSession, ClusterUnreachable } from '../../fleet/index.js';
import { customerOf, NoWorker, progressOf, proofOf, whileWorkerPolls } from '../../runs/ask.js';
import { completeInput, withDefaults } from '../../runs/input.js';
import { type RunsPage, runsPage } from '../../runs/list.js';
import { describeRun } from '../../runs/run.js';
import { runReport } from '../../runs/run-result.js';
import { sendCommand } from '../../runs/send.js';
import { type ReadyInput, type StartRequest, startRun, workflowIdFor } from '../../runs/start.js';
import { NoAnswerInTime, withDeadline, withTimeLimit } from '../../runs/time-limit.js';
import { isUnanswered } from '../../runs/unanswered.js';
import { type Clusters, type Ended, type Run, Unanswered } from './clusters.js';
import { OncePerInterval } from './once-per-interval.js';

/** Where sessions come from: opened once, and shared with the rest of the server. */
export interface Sessions {
  readonly clusters: readonly Cluster[];
  /** @throws ClusterUnreachable */
  session(cluster: string): Promise<ClusterSession>;
  /** What the server has just asked for anyway; undefined for other runs, and where that is too old. */
  progress(run: Run): Progress | undefined;
  /** Asks for that at once: after a command it has changed. */
  refresh(cluster: string): Promise<void>;
}

const INTERVAL_MS = 2_000;
const CONNECT_MS = 5_000;
const ANSWER_MS = 8_000;
/** A report may have megabytes, so few are kept; pages and answers of open runs are small. */
const MOST = { answers: 500, reports: 20 };

/** The clusters of a fleet. Every question is asked once an interval, however many callers ask it. */
export class FleetClusters implements Clusters {
  private readonly answers = new OncePerInterval<unknown>(INTERVAL_MS, MOST.answers);
  private readonly reports = new OncePerInterval<Ended>(INTERVAL_MS, MOST.reports);

  constructor(
    private readonly sessions: Sessions,
    private readonly environment: NodeJS.ProcessEnv,
    private readonly signal: AbortSignal,
  ) {}

  get names(): string[] {
    return this.sessions.clusters.map(({ name }) => name);
  }

  async connect(cluster: string): Promise<void> {
    await this.session(cluster);
  }

  runs(cluster: string, page: Parameters<Clusters['runs']>[1]): Promise<RunsPage> {
    return this.shared(['runs', cluster, page], () => this.ask(cluster, (session) => runsPage(session, page)));
  }

  run(cluster: string, workflowId: string): Promise<Run | undefined> {
    return this.shared(['run', cluster, workflowId], async () => {
      const found = await this.ask(cluster, (session) => describeRun(session, workflowId, { own: true }));
      return found && { ...found, cluster };
    });
  }

  async progress(run: Run): Promise<Progress> {
    const known = this.sessions.progress(run);
    return known ?? this.answered(run, 'progress', (session) => progressOf(session, run));
  }

  customer = (run: Run, id: string) => this.answered(run, ['customer', id], (session) => customerOf(session, run, id));

  proof = (run: Run, id: string) => this.answered(run, ['proof', id], (session) => proofOf(session, run, id));

  ended(run: Run): Promise<Ended> {
    const { cluster, workflowId, runId } = run;
    return this.reports.get(JSON.stringify([cluster, workflowId, runId]), () =>
      this.ask(cluster, ({ client }) =>
        withDeadline(client, () => runReport(client.workflow.getHandle(workflowId, runId))).then(
          (report) => ({ report, reason: '' }),
          (error: Error) => {
            if (isUnanswered(error)) throw error;
            return { report: undefined, reason: error.message };
          },
        ),
      ),
    );
  }

  async input(cluster: string, given: Fields): Promise<ReadyInput & { readonly workflowId: string }> {
    const session = await this.session(cluster);
    const ready = await completeInput(session.cluster, withDefaults(session.cluster, given), this.environment);
    return { ...ready, workflowId: workflowIdFor(session, ready) };
  }

  async start(cluster: string, input: ReadyInput, request: StartRequest | undefined): Promise<void> {
    const workflowId = await this.ask(cluster, (session) => startRun(session, input, request));
    await this.forget({ cluster, workflowId });
  }

  async send(run: Run, name: CommandName, argument: object, requestId: string | undefined): Promise<void> {
    const { cluster, workflowId } = run;
    await this.ask(
      cluster,
      (session) => whileWorkerPolls(session, run, () => sendCommand(session, workflowId, name, argument, requestId)),
      'run',
    );
    await this.forget(run);
  }

  async cancel(run: Run): Promise<void> {
    await this.ask(run.cluster, ({ client }) =>
      withDeadline(client, () => client.workflow.getHandle(run.workflowId).cancel()),
    );
    await this.forget(run);
  }

  private async forget({ cluster, workflowId }: Pick<Run, 'cluster' | 'workflowId'>): Promise<void> {
    await this.sessions.refresh(cluster);
    for (const question of ['run', 'progress']) this.answers.delete(JSON.stringify([question, cluster, workflowId]));
  }

  private answered<T>(run: Run, question: string | string[], ask: (session: ClusterSession) => Promise<T>): Promise<T> {
    const key = [...[question].flat(), run.cluster, run.workflowId];
    return this.shared(key, async () => {
      if (run.pause !== undefined) throw new Unanswered('run', run.pause);
      return this.ask(run.cluster, ask, 'run');
    });
  }

  private shared<T>(key: readonly unknown[], ask: () => Promise<T>): Promise<T> {
    return this.answers.get(JSON.stringify(key), ask) as Promise<T>;
  }

  private async ask<T>(
    cluster: string,
    ask: (session: ClusterSession) => Promise<T>,
    who: Unanswered['who'] = 'cluster',
  ): Promise<T> {
    const session = await this.session(cluster);
    try {
      return await withTimeLimit(ANSWER_MS, this.signal, () => ask(session));
    } catch (error) {
      const silent = error instanceof NoWorker || error instanceof NoAnswerInTime || isUnanswered(error);
      throw silent ? new Unanswered(error instanceof NoWorker ? 'run' : who, error) : error;
    }
  }

  private async session(cluster: string): Promise<ClusterSession> {
    try {
      return await withTimeLimit(CONNECT_MS, this.signal, () => this.sessions.session(cluster));
    } catch (error) {
      if (error instanceof ClusterUnreachable || error instanceof NoAnswerInTime)
        throw new Unanswered('cluster', error);
      throw error;
    }
  }
}
