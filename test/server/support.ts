import type { Progress } from '../../src/backfill/views/progress.js';
import type { Cluster, ClusterSession } from '../../src/fleet/index.js';
import { describeRun } from '../../src/operations/find-run.js';
import { type ServeOptions, type Serving, serveFleet } from '../../src/server/serve-fleet.js';
import type { WatchedCluster } from '../../src/watch/cluster-watch.js';
import { progress } from '../support/progress.js';
import type { Rig } from '../support/rig.js';

export const TOKEN = 'a-token-of-more-than-twenty-characters';

interface Options extends Partial<Omit<ServeOptions['access'], 'token'>> {
  readonly clusters?: readonly Cluster[];
  /** Default: any free one. */
  readonly port?: number;
}

/** A server for these clusters, on loopback. */
export const served = (
  watched: readonly WatchedCluster[],
  { clusters = [], port = 0, readOnly = false, allowedHosts = [], userHeader }: Options = {},
): Promise<Serving> =>
  serveFleet({
    clusters,
    watched,
    environment: {},
    access: { token: TOKEN, allowedHosts, readOnly, userHeader },
    by: 'operator',
    host: '127.0.0.1',
    port,
  });

/** Pages over runs on a rig's server: the name of each cluster, and the workflow id of its run. */
export class TestServer {
  private constructor(private readonly serving: Serving) {}

  static async start(
    rig: Rig,
    runs: Readonly<Record<string, string>>,
    { port = 0, others = [] }: { port?: number; others?: readonly WatchedCluster[] } = {},
  ): Promise<TestServer> {
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
          if (!run) return { none: 'no run' };
          const { workflowId, pause } = run;
          return pause === undefined ? { workflowId } : { workflowId, pause };
        },
      };
    });
    const options = { clusters, port, userHeader: 'X-Forwarded-User' };
    return new TestServer(await served([...watched, ...others], options));
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

/** The forms of a page that change something: where each is sent, with which fields. */
export function formsIn(page: string): { action: string; fields: Record<string, string> }[] {
  return [...page.matchAll(/<form method="post" action="([^"]*)"[^>]*>(.*?)<\/form>/gs)].map(([, action, inner]) => ({
    action: action!,
    fields: Object.fromEntries(
      [...inner!.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(([, name, value]) => [
        name!,
        value!.replaceAll('&quot;', '"'),
      ]),
    ),
  }));
}

/** A cluster whose run has so many customers and days, and answers what it is asked at once. */
export function bigCluster(name: string, customers: number, days: number, onQuestion = () => {}): WatchedCluster {
  const start = Date.UTC(2026, 0, 1);
  const day = (number: number) => new Date(start + number * 86_400_000).toISOString().slice(0, 10);
  const letters = (customer: number) =>
    Array.from({ length: days }, (_, i) => (customer % 100 === 7 && i === 31 ? 'f' : i < customer % days ? 'd' : '.'));
  const answer: Progress = {
    ...progress(
      Object.fromEntries(
        Array.from({ length: customers }, (_, i) => [`customer-${String(i).padStart(4, '0')}`, letters(i).join('')]),
      ),
    ),
    range: { start: day(0), end: day(days) },
  };
  const status = { name: 'RUNNING' };
  const handle = {
    describe: async () => ({ runId: 'run', status, startTime: new Date(), type: 'backfillScorecards' }),
    query: async (query: string) => {
      onQuestion();
      return query === 'progress' ? answer : [];
    },
  };
  const client = {
    options: { namespace: 'ingestion' },
    withAbortSignal: <T>(_: AbortSignal, work: () => T) => work(),
    withDeadline: <T>(_: number, work: () => T) => work(),
    workflowService: { getWorkflowExecutionHistory: async () => ({}) },
    workflow: { getHandle: () => handle, list: async function* () {} },
  };
  return {
    name,
    open: async () => ({ client, close: async () => {} }) as unknown as ClusterSession,
    findRun: async () => ({ workflowId: `backfillscorecards-${name}` }),
  };
}
