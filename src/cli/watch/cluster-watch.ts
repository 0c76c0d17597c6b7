import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress } from '../../backfill/views/progress.js';
import type { ClusterSession } from '../../fleet/index.js';
import { errorText } from '../terminal/error-text.js';
import { isClosed } from '../terminal/figures.js';
import type { ClusterPicture } from '../terminal/picture.js';
import { childPrefixOf, DEFAULT_PREFIX } from './child-prefix.js';
import { isNoSuchRun, lookAt, runningWindows, whyUnasked } from './look.js';
import { withPatience } from './patience.js';

interface FoundRun {
  readonly workflowId: string;
  /** Temporal's Workflow Pause has paused it: by whom, and the next step. It answers nothing meanwhile. */
  readonly pause?: string;
}

/** A way to a cluster, and to the run that its picture is of. */
export interface WatchedCluster {
  readonly name: string;
  /** Opens the way. @throws with a sentence when the cluster can't be reached */
  open(signal: AbortSignal): Promise<ClusterSession>;
  /** The run to show now, or why there is none. */
  findRun(session: ClusterSession): Promise<FoundRun | { readonly none: string }>;
}

const POLL_MS = 2_000;
const PATIENCE_MS = 8_000;
/** A run that has ended changes no more, but a new one may start. */
const POLL_CLOSED_MS = 10_000;
const RATE_OVER_MS = 300_000;

/** Keeps one cluster's picture up to date, through whatever happens to the way there. */
export class ClusterWatch {
  picture: ClusterPicture;
  private opening: Promise<ClusterSession> | undefined;
  private session: ClusterSession | undefined;
  private watched: { workflowId: string; prefix: string } | undefined;
  private samples: { at: number; completed: number }[] = [];

  constructor(private readonly cluster: WatchedCluster) {
    this.picture = { cluster: cluster.name };
  }

  /** Looks about every two seconds until the signal aborts. */
  async follow(onChange: () => void, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look(signal);
      onChange();
      const { progress, silent } = this.picture;
      const pause = progress && isClosed(progress) && !silent ? POLL_CLOSED_MS : POLL_MS;
      await sleep(pause, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  /** Closes the way; what is still asked fails. */
  async close(): Promise<void> {
    const session = await this.opening?.catch(() => undefined);
    await session?.close().catch(() => {});
  }

  /** One look; what goes wrong is in the picture. */
  async look(signal: AbortSignal): Promise<void> {
    const asked = Date.now();
    try {
      this.picture = await withPatience(PATIENCE_MS, signal, (either) => this.seen(signal, either));
    } catch (error) {
      if (isNoSuchRun(error)) this.watched = undefined;
      const { since = asked } = this.picture.silent ?? {};
      this.picture = { ...this.picture, silent: { since, reason: errorText(error) } };
    }
  }

  /** Tells the run a command, and answers with what it did or why it refused. */
  async command(name: 'pause' | 'resume', by: string, updateId: string): Promise<string> {
    const { workflowId } = this.picture;
    if (!this.session || workflowId === undefined) return `${this.cluster.name} has no run to ${name}`;
    const { client } = this.session;
    try {
      const handle = client.workflow.getHandle(workflowId);
      const { did } = await client.withDeadline(Date.now() + PATIENCE_MS, () =>
        handle.executeUpdate<{ did: string }, [object]>(name, { args: [{ by }], updateId }),
      );
      return `${this.cluster.name}: ${did}`;
    } catch (error) {
      return `${this.cluster.name}: ${name} was not done: ${errorText(error)}`;
    }
  }

  /** @param either aborts with the signal, and when this look takes too long */
  private async seen(signal: AbortSignal, either: AbortSignal): Promise<ClusterPicture> {
    // A way may take longer to open than a look has time: the next look waits for the same one.
    this.opening ??= this.cluster.open(signal).catch((error: unknown) => {
      this.opening = undefined;
      throw error;
    });
    const session = await this.opening;
    this.session = session;
    return session.client.withAbortSignal(either, () => this.seenBy(session));
  }

  private async seenBy(session: ClusterSession): Promise<ClusterPicture> {
    const cluster = this.cluster.name;
    const { client } = session;
    const found = await this.cluster.findRun(session);
    if ('none' in found) {
      this.watched = undefined;
      const windows = await runningWindows(client, DEFAULT_PREFIX);
      return { cluster, note: found.none, windows, asOf: Date.now() };
    }
    const { workflowId, pause } = found;
    if (pause !== undefined) return { cluster, workflowId, note: pause, asOf: Date.now() };
    if (this.watched?.workflowId !== workflowId) {
      this.watched = { workflowId, prefix: await childPrefixOf(client, workflowId) };
      this.samples = [];
    }
    const look = await lookAt(client, workflowId, this.watched.prefix, PATIENCE_MS).catch((error: unknown) => {
      const note = whyUnasked(error);
      if (note === undefined) throw error;
      return note;
    });
    if (typeof look === 'string') return { cluster, workflowId, note: look, asOf: Date.now() };
    const rate = this.rateOf(look.progress, Date.now());
    return { cluster, workflowId, ...look, asOf: Date.now(), ...(rate === undefined ? {} : { rate }) };
  }

  /** Windows an hour in the latest five minutes; undefined until these looks span half a minute. */
  private rateOf({ totals }: Progress, now: number): number | undefined {
    this.samples.push({ at: now, completed: totals.windows.completed });
    this.samples = this.samples.filter(({ at }) => now - at <= RATE_OVER_MS);
    const [first] = this.samples;
    if (now - first!.at < 30_000) return undefined;
    return ((totals.windows.completed - first!.completed) * 3_600_000) / (now - first!.at);
  }
}
