import { describeRun } from '../../src/cli/commands/runs.js';
import type { WatchedCluster } from '../../src/cli/watch/cluster-watch.js';
import type { Cluster, ClusterSession } from '../../src/fleet/index.js';
import { type Serving, serveFleet } from '../../src/server/serve-fleet.js';
import type { Rig } from '../support/rig.js';

export const TOKEN = 'a-token-of-more-than-twenty-characters';

/** Pages over runs on a rig's server: the name of each cluster, and the workflow id of its run. */
export class TestServer {
  private constructor(private readonly serving: Serving) {}

  static async start(rig: Rig, runs: Readonly<Record<string, string>>, port = 0): Promise<TestServer> {
    const clusters = Object.keys(runs).map(
      (name): Cluster => ({
        name,
        namespace: rig.namespace,
        taskQueue: rig.taskQueue,
        connection: { address: rig.address },
        defaults: {},
        ui: 'https://temporal.example.com',
      }),
    );
    const watched = clusters.map((cluster): WatchedCluster => {
      const session: ClusterSession = { cluster, client: rig.client, address: rig.address, close: async () => {} };
      return {
        name: cluster.name,
        open: async () => session,
        findRun: async () => {
          const run = await describeRun(session, runs[cluster.name]!);
          return run ?? { none: 'no run' };
        },
      };
    });
    const access = { token: TOKEN, allowedHosts: [], readOnly: false, userHeader: 'X-Forwarded-User' };
    return new TestServer(
      await serveFleet({ clusters, watched, environment: {}, access, by: 'operator', host: '127.0.0.1', port }),
    );
  }

  get origin(): string {
    return this.serving.address(false).slice(0, -1);
  }

  get port(): number {
    return this.serving.port;
  }

  /** The address that is printed. */
  get address(): string {
    return this.serving.address(true);
  }

  async page(path: string): Promise<string> {
    const response = await fetch(this.origin + path, { headers: { authorization: `Bearer ${TOKEN}` } });
    return response.text();
  }

  /** Sends a form, as an authenticating proxy does for a person. */
  async send(path: string, fields: Record<string, string>, user?: string): Promise<{ status: number; text: string }> {
    const response = await fetch(this.origin + path, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${TOKEN}`,
        origin: this.origin,
        ...(user === undefined ? {} : { 'x-forwarded-user': user }),
      },
      body: new URLSearchParams({ id: crypto.randomUUID(), ...fields }),
    });
    return { status: response.status, text: await response.text() };
  }

  close(): Promise<void> {
    return this.serving.close();
  }
}
