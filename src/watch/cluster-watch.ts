import { setTimeout as sleep } from 'node:timers/promises';
import { defined } from '../backfill/defined.js';
import type { Progress } from '../backfill/views/progress.js';
import { isClosed } from '../backfill/views/status.js';
import { errorText } from '../error-text.js';
import type { ClusterSession } from '../fleet/index.js';
import { childPrefixOf, DEFAULT_PREFIX } from '../runs/run-input.js';
import { sendCommand } from '../runs/send.js';
import { withTimeLimit } from '../runs/time-limit.js';
import type { ClusterPicture } from './picture.js';
import { isNoSuchRun, openWindows, takeSnapshot, whyNoQueries } from './run-snapshot.js';

interface FoundRun {
  readonly workflowId: string;
  /** Temporal's Workflow Pause has paused it: by whom, and the next step. It answers nothing meanwhile. */
  readonly pause?: string;
  /** Temporal has closed it, however it ended: a terminated run's own answer is that it is running. */
  readonly closed?: true;
  /** Ids of other runs of the cluster that are open. */
  readonly others?: readonly string[];
}

/** How to connect to a cluster, and to find the run to show. */
export interface WatchedCluster {
  readonly name: string;
  /** Connects. @throws with a sentence when the cluster is unreachable */
  open(signal: AbortSignal): Promise<ClusterSession>;
  /** The run to show, or why there is none. */
  findRun(session: ClusterSession): Promise<FoundRun | { readonly none: string }>;
}

const POLL_MS = 2_000;
const ANSWER_LIMIT_MS = 8_000;
/** A run that has ended does not change any more, but a new one may start. */
const POLL_CLOSED_MS = 10_000;
const RATE_OVER_MS = 300_000;

/** Keeps one cluster's picture up to date, and reconnects when the connection drops. */
export class ClusterWatch {
  picture: ClusterPicture;
  private opening: Promise<ClusterSession> | undefined;
  private session: ClusterSession | undefined;
  private watched: { workflowId: string; prefix: string } | undefined;
  /** When Temporal answered last, before the run was asked, and whether that is closed. */
  private temporalAnswered = { at: 0, closed: false };
  private samples: { at: number; completed: number }[] = [];

  /** @param pollMs between two refreshes of an open run */
  constructor(
    private readonly cluster: WatchedCluster,
    private readonly pollMs = POLL_MS,
  ) {
    this.picture = { cluster: cluster.name };
  }

  /** Refreshes until the signal aborts. */
  async follow(onChange: () => void, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.refresh(signal);
      onChange();
      await sleep(this.goodForMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  /** How long to keep the picture before the next refresh, in ms. */
  get goodForMs(): number {
    const { progress, unreachable } = this.picture;
    return progress && isClosed(progress) && !unreachable ? POLL_CLOSED_MS : this.pollMs;
  }

  /** Closes the connection; calls that are still open fail. */
  async close(): Promise<void> {
    const session = await this.opening?.catch(() => undefined);
    await session?.close().catch(() => {});
  }

  /** Refreshes the picture once; a failure becomes part of the picture. */
  async refresh(signal: AbortSignal): Promise<void> {
    const startedAt = Date.now();
    try {
      this.picture = await withTimeLimit(ANSWER_LIMIT_MS, signal, (limited) => this.newPicture(signal, limited));
    } catch (error) {
      if (isNoSuchRun(error)) this.watched = undefined;
      const { since = startedAt } = this.picture.unreachable ?? {};
      const { at, closed } = this.temporalAnswered;
      const temporal = at >= startedAt ? { temporalAnswers: { openRun: !closed } } : {};
      this.picture = { ...this.picture, unreachable: { since, reason: errorText(error), ...temporal } };
    }
  }

  /**
   * The open connection; opens it if there is none. Connecting may take longer than one refresh: the next one waits for
   * the same connection.
   */
  connect(signal: AbortSignal): Promise<ClusterSession> {
    this.opening ??= this.cluster.open(signal).catch((error: unknown) => {
      this.opening = undefined;
      throw error;
    });
    return this.opening;
  }

  /** Sends a command to the run. @returns what it did, or why it refused */
  async sendCommand(name: 'pause' | 'resume', by: string, updateId: string): Promise<string> {
    const { workflowId } = this.picture;
    if (!this.session || workflowId === undefined) return `${this.cluster.name} has no run to ${name}`;
    try {
      const { did } = await sendCommand(this.session, workflowId, name, { by }, updateId);
      return `${this.cluster.name}: ${did}`;
    } catch (error) {
      return `${this.cluster.name}: ${name} failed: ${errorText(error)}`;
    }
  }

  /** @param limited aborts with the signal, and when this refresh takes too long */
  private async newPicture(signal: AbortSignal, limited: AbortSignal): Promise<ClusterPicture> {
    const session = await this.connect(signal);
    this.session = session;
    return session.client.withAbortSignal(limited, () => this.pictureFrom(session));
  }

  private async pictureFrom(session: ClusterSession): Promise<ClusterPicture> {
    const cluster = this.cluster.name;
    const { client } = session;
    const found = await this.cluster.findRun(session);
    this.temporalAnswered = { at: Date.now(), closed: 'closed' in found };
    if ('none' in found) {
      this.watched = undefined;
      const windows = await openWindows(client, DEFAULT_PREFIX);
      return { cluster, note: found.none, windows, asOf: Date.now() };
    }
    const { workflowId, pause, closed, others } = found;
    if (pause !== undefined) return { cluster, workflowId, note: pause, asOf: Date.now(), ...defined({ others }) };
    if (this.watched?.workflowId !== workflowId) {
      this.watched = { workflowId, prefix: await childPrefixOf(client, workflowId) };
      this.samples = [];
    }
    try {
      const snapshot = await takeSnapshot(client, workflowId, this.watched.prefix, ANSWER_LIMIT_MS);
      const asOf = Date.now();
      const rate = this.rateOf(snapshot.progress, asOf);
      return { cluster, workflowId, ...snapshot, asOf, ...defined({ rate, closed, others }) };
    } catch (error) {
      const note = whyNoQueries(error);
      if (note === undefined) throw error;
      return { cluster, workflowId, note, asOf: Date.now() };
    }
  }

  /** Windows an hour in the latest five minutes; undefined until the samples span half a minute. */
  private rateOf({ totals }: Progress, now: number): number | undefined {
    this.samples.push({ at: now, completed: totals.windows.completed });
    this.samples = this.samples.filter(({ at }) => now - at <= RATE_OVER_MS);
    const [first] = this.samples;
    if (now - first!.at < 30_000) return undefined;
    return ((totals.windows.completed - first!.completed) * 3_600_000) / (now - first!.at);
  }
}
