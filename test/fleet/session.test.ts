import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { build } from '../../scripts/dev/build.js';
import { stopAll } from '../../scripts/dev/processes.js';
import { startTemporalServer, type TemporalServer } from '../../scripts/dev/temporal-server.js';
import type { ClusterConnection, ClusterSession } from '../../src/fleet/cluster.js';
import { freePort } from '../../src/fleet/free-port.js';
import { fleetFromEnvironment, openCluster } from '../../src/fleet/index.js';
import { AnsweringWorker } from './answering.js';
import { clusterOf, portForwardTo, StandInKubectl } from './support.js';

let east: TemporalServer;
let west: TemporalServer;
let kubectl: StandInKubectl;
const sessions: ClusterSession[] = [];

async function open(connection: ClusterConnection, environment = kubectl.environment): Promise<ClusterSession> {
  const session = await openCluster(clusterOf(connection), { environment });
  sessions.push(session);
  return session;
}

const unreachable = (connection: ClusterConnection, environment = kubectl.environment) =>
  open(connection, environment).then(
    ({ address }) => `it was reached at ${address}`,
    (error: Error) => `${error.name}: ${error.message}`,
  );

async function startWorkflow({ client }: ClusterSession, workflowId: string) {
  return await client.workflow.start('any', { workflowId, taskQueue: workflowId });
}

beforeAll(async () => {
  await build();
  [east, west] = await Promise.all([startTemporalServer(), startTemporalServer()]);
  const nobody = `127.0.0.1:${await freePort()}`;
  kubectl = await StandInKubectl.create({ east_dev: east.address, west_dev: west.address, empty_dev: nobody });
});
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.close()));
  expect(await kubectl.running()).toEqual([]);
});
afterAll(() => stopAll());

describe('openCluster', () => {
  it('reaches each cluster through a port-forward of its own', async () => {
    const [toEast, toWest] = await Promise.all([open(portForwardTo('east_dev')), open(portForwardTo('west_dev'))]);
    await Promise.all([startWorkflow(toEast!, 'in-the-east'), startWorkflow(toWest!, 'in-the-west')]);
    const direct = await open({ address: west.address });
    expect((await direct.client.workflow.getHandle('in-the-west').describe()).status.name).toBe('RUNNING');
    await expect(direct.client.workflow.getHandle('in-the-east').describe()).rejects.toThrow('not found');
  });

  it('reaches the cluster that the environment names when there is no fleet file', async () => {
    const environment = { TEMPORAL_ADDRESS: east.address, TEMPORAL_NAMESPACE: 'default', HOME: '/nonexistent' };
    const { clusters } = fleetFromEnvironment(environment);
    expect(clusters).toMatchObject([{ name: 'default', namespace: 'default', taskQueue: 'backfill-scorecards' }]);
    const session = await openCluster(clusters[0]!, { environment });
    sessions.push(session);
    expect(session.address).toBe(east.address);
  });

  it('finishes a query that was in flight when its port-forward dropped', async () => {
    const session = await open(portForwardTo('east_dev'));
    const { workflowId } = await startWorkflow(session, 'queried-over-a-drop');
    const worker = await AnsweringWorker.start(east.address, 'ingestion', workflowId);
    try {
      const answer = session.client.workflow.getHandle(workflowId).query<string>('anything');
      await vi.waitUntil(() => worker.queries === 1, 30_000);
      const pids = await kubectl.running();
      process.kill(pids[0]!, 'SIGHUP');
      await kubectl.nextAfter(pids);
      await vi.waitUntil(() => worker.queries === 2, 30_000);
      worker.answer('still here');
      expect(await answer).toBe('still here');
    } finally {
      await worker.stop();
    }
  });

  it('notices a port-forward that is alive but leads nowhere, and finishes the calls that hung in it', async () => {
    const said: string[] = [];
    const session = await openCluster(clusterOf(portForwardTo('east_dev')), {
      environment: kubectl.environment,
      say: (line) => said.push(line),
    });
    sessions.push(session);
    const { workflowId } = await startWorkflow(session, 'described-after-a-freeze');
    const pid = await kubectl.cripple('frozen');
    const description = await session.client.workflow.getHandle(workflowId).describe();
    expect(description.status.name).toBe('RUNNING');
    expect(await kubectl.running()).not.toContain(pid);
    expect(said).toEqual([
      'us-west-2-prod: the port-forward no longer leads to Temporal; restarting it',
      'us-west-2-prod: the port-forward is up again',
    ]);
  });

  it('starts a workflow once, also when the answer to the first attempt is lost', async () => {
    const session = await open(portForwardTo('east_dev'));
    const direct = await open({ address: east.address });
    const pid = await kubectl.cripple('speechless');
    const starting = startWorkflow(session, 'started-once');
    const { runId } = await vi.waitFor(() => direct.client.workflow.getHandle('started-once').describe(), 30_000);
    expect(await kubectl.running()).toEqual([pid]);
    expect((await starting).firstExecutionRunId).toBe(runId);
    expect(await kubectl.running()).not.toContain(pid);
  });
});

describe('the error for an unreachable cluster says why and what to do', () => {
  it('when nothing listens there', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    expect(await unreachable({ address })).toBe(
      `ClusterUnreachable: us-west-2-prod is unreachable: ${address} refuses connections; ` +
        'check that Temporal runs there, and the address',
    );
  });

  it('when it is the one of the environment, because a fleet file was not found', async () => {
    const environment = { ...kubectl.environment, TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}` };
    expect(await unreachable({ environment: true }, environment)).toMatch(
      /refuses connections; .*; if it is in a fleet file, name that with --fleet: there is no fleet.yaml in this folder$/,
    );
  });

  it('when its host name is unknown', async () => {
    expect(await unreachable({ address: 'temporal.invalid:7233' })).toMatch(
      /temporal\.invalid:7233 has an unknown host name; check the address and the VPN$/,
    );
  });

  it('when something else than Temporal listens there', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = `127.0.0.1:${(silent.address() as { port: number }).port}`;
    expect(await unreachable({ address })).toMatch(/accepts connections but does not answer as Temporal does; check/);
    silent.close();
  });

  it('when it does not speak TLS as the fleet file says', async () => {
    expect(await unreachable({ address: east.address, tls: true })).toMatch(
      /: TLS with \S+ fails: wrong version number; check tls in the fleet file$/,
    );
  });

  it('when the port-forward leads to nothing', async () => {
    expect(await unreachable(portForwardTo('empty_dev'))).toMatch(
      /the port-forward is up, but Temporal does not answer through it .* check portForward's service and port, and tls$/,
    );
  });

  it('when kubectl does not have the context', async () => {
    expect(await unreachable(portForwardTo('nope_dev'))).toMatch(/fix the context nope_dev in the fleet file/);
  });

  it('when a secret is not where the fleet file says', async () => {
    expect(await unreachable({ address: east.address, apiKey: { env: 'NO_SUCH_KEY' } })).toMatch(
      /the environment variable NO_SUCH_KEY is not set; set it, or name another one in the fleet file$/,
    );
    expect(await unreachable({ address: east.address, tls: { clientKey: { file: '/nonexistent/key' } } })).toMatch(
      /\/nonexistent\/key cannot be read \(ENOENT\); fix it/,
    );
  });

  it('but throws the reason of an abort, when the command was aborted', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    const opening = openCluster(clusterOf({ address: east.address }), { environment: {}, signal });
    await expect(opening).rejects.toThrow('enough');
  });
});
