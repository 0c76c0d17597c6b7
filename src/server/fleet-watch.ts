import type { ClusterPicture } from '../cli/terminal/picture.js';
import { ClusterWatch, type WatchedCluster } from '../cli/watch/cluster-watch.js';
import type { ClusterSession } from '../fleet/index.js';

/** How often each cluster is asked, however many look. */
const INTERVAL_MS = 3_000;

/**
 * The latest picture of every cluster of the fleet. Each cluster is asked once in an interval, and what it answered is
 * shared by all pages, metrics and calls. A cluster that does not answer keeps its last picture, with `unreachable`: since
 * when, and why.
 */
export class FleetWatch {
  private readonly watches: ReadonlyMap<string, ClusterWatch>;
  private readonly ended = new AbortController();
  private followed: Promise<unknown> = Promise.resolve();

  constructor(clusters: readonly WatchedCluster[], everyMs = INTERVAL_MS) {
    this.watches = new Map(clusters.map((cluster) => [cluster.name, new ClusterWatch(cluster, everyMs)]));
  }

  /** Asks until {@link close}. */
  start(): void {
    this.followed = Promise.all([...this.watches.values()].map((watch) => watch.follow(() => {}, this.ended.signal)));
  }

  /** In the order of the fleet file. */
  get pictures(): readonly ClusterPicture[] {
    return [...this.watches.values()].map(({ picture }) => picture);
  }

  /** Undefined for a cluster that the fleet does not have. */
  picture(cluster: string): ClusterPicture | undefined {
    return this.watches.get(cluster)?.picture;
  }

  /**
   * The cluster's connection, for a question of one's own.
   *
   * @throws ClusterUnreachable with a sentence; an error for a cluster that the fleet does not have
   */
  async session(cluster: string): Promise<ClusterSession> {
    const watch = this.watches.get(cluster);
    if (!watch) throw new Error(`the fleet has no cluster ${cluster}`);
    return watch.connect(this.ended.signal);
  }

  /** Asks the cluster at once: after a command its picture has changed. */
  async refresh(cluster: string): Promise<void> {
    await this.watches.get(cluster)?.refresh(this.ended.signal);
  }

  /** Whether any cluster has answered, or has failed to. */
  get hasPictures(): boolean {
    return this.pictures.some(({ asOf, unreachable }) => asOf !== undefined || unreachable !== undefined);
  }

  async close(): Promise<void> {
    this.ended.abort();
    await this.followed;
    await Promise.all([...this.watches.values()].map((watch) => watch.close()));
  }
}
