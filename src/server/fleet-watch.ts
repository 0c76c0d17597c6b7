import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { defined } from '../backfill/defined.js';
import type { ClusterSession } from '../fleet/index.js';
import { describeRun } from '../runs/run.js';
import { ClusterWatch, type WatchedCluster } from '../watch/cluster-watch.js';
import type { ClusterPicture } from '../watch/picture.js';

/** How often a cluster is asked at most, however many look. */
const INTERVAL_MS = 3_000;
/** An older picture is worth waiting for the next one. */
const OLD_MS = 5_000;
/** A cluster that takes longer to answer keeps its last picture, which says how old it is. */
const PATIENCE_MS = 1_500;
/** Open runs beside those that clusters' own pages show: the one that was looked at first goes first. */
const MOST_OTHERS = 10;

/**
 * The latest picture of every cluster of the fleet. A cluster is asked only while somebody looks, and then once in an
 * interval: what it answered is shared by all pages, metrics and calls. A cluster that does not answer keeps its last picture,
 * with `unreachable`: since when, and why.
 */
export class FleetWatch {
  private readonly watches: ReadonlyMap<string, Looked>;
  private readonly others = new Map<string, Looked>();
  private readonly ended = new AbortController();

  constructor(
    clusters: readonly WatchedCluster[],
    private readonly everyMs = INTERVAL_MS,
  ) {
    // Each cluster listens to it, and so does each question.
    setMaxListeners(0, this.ended.signal);
    this.watches = new Map(clusters.map((cluster) => [cluster.name, new Looked(new ClusterWatch(cluster, everyMs))]));
  }

  /**
   * Asks for the cluster's picture, or for all, where it is not of this interval. Waits a moment for one that is old.
   *
   * @param run of the cluster, instead of the one that its page shows
   */
  async look(cluster?: string, run?: string): Promise<void> {
    const looked = cluster === undefined ? [...this.watches.values()] : [this.lookedAt(cluster, run)];
    await Promise.all(looked.map((one) => one?.look(this.ended.signal)));
  }

  /** In the order of the fleet file. */
  get pictures(): readonly ClusterPicture[] {
    return [...this.watches.values()].map(({ watch }) => watch.picture);
  }

  /** Undefined for a cluster that the fleet does not have. */
  picture(cluster: string, run?: string): ClusterPicture | undefined {
    return this.lookedAt(cluster, run)?.watch.picture;
  }

  private lookedAt(cluster: string, run: string | undefined): Looked | undefined {
    const own = this.watches.get(cluster);
    if (!own || run === undefined || run === own.watch.picture.workflowId) return own;
    const key = JSON.stringify([cluster, run]);
    const known = this.others.get(key);
    if (known) return known;
    const open = () => this.session(cluster);
    const findRun = async (session: ClusterSession) => {
      const found = await describeRun(session, run, { own: true });
      if (!found) return { none: `${cluster} has no run ${run}` };
      return defined({ workflowId: run, pause: found.pause, closed: found.closedAt ? (true as const) : undefined });
    };
    const other = new Looked(new ClusterWatch({ name: cluster, open, findRun }, this.everyMs));
    this.others.set(key, other);
    if (this.others.size > MOST_OTHERS) this.others.delete(this.others.keys().next().value!);
    return other;
  }

  /**
   * The cluster's connection, for a question of one's own.
   *
   * @throws ClusterUnreachable with a sentence; an error for a cluster that the fleet does not have
   */
  async session(cluster: string): Promise<ClusterSession> {
    const found = this.watches.get(cluster);
    if (!found) throw new Error(`the fleet has no cluster ${cluster}`);
    return found.watch.connect(this.ended.signal);
  }

  /** Asks the cluster at once: after a command its picture has changed. */
  async refresh(cluster: string, run?: string): Promise<void> {
    await this.lookedAt(cluster, run)?.watch.refresh(this.ended.signal);
  }

  /** Whether any cluster has answered, or has failed to. */
  get hasPictures(): boolean {
    return this.pictures.some(({ asOf, unreachable }) => asOf !== undefined || unreachable !== undefined);
  }

  async close(): Promise<void> {
    this.ended.abort();
    await Promise.all([...this.watches.values()].map(({ watch }) => watch.close()));
  }
}

/** A watch that asks when somebody looks. */
class Looked {
  private answeredAt = 0;
  /** Settles with the answer that is under way, or when it has taken too long to wait for. */
  private soon: Promise<unknown> | undefined;

  constructor(readonly watch: ClusterWatch) {}

  look(signal: AbortSignal): Promise<unknown> | undefined {
    const age = Date.now() - this.answeredAt;
    if (!this.soon && age >= this.watch.goodForMs) {
      const answered = this.watch.refresh(signal).then(() => {
        this.answeredAt = Date.now();
        this.soon = undefined;
      });
      this.soon = Promise.race([answered, sleep(PATIENCE_MS, undefined, { ref: false })]);
    }
    return age >= OLD_MS ? this.soon : undefined;
  }
}
