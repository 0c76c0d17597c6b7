import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { stopAll, temporaryDirectory } from '../../../scripts/dev/processes.js';
import { startTemporalServer, type TemporalServer } from '../../../scripts/dev/temporal-server.js';
import { freePort } from '../../../src/fleet/free-port.js';
import { isRunning } from './support.js';

/** Runs `work` with a client of its own, since a connection outlives no server. */
async function withClient<T>({ address, namespace }: TemporalServer, work: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address });
  try {
    return await work(new Client({ connection, namespace }));
  } finally {
    await connection.close();
  }
}

const statusOf = (server: TemporalServer, workflowId: string) =>
  withClient(server, async (client) => (await client.workflow.getHandle(workflowId).describe()).status.name);

beforeAll(() => {
  vi.stubEnv('TEMPORAL_ADDRESS', undefined);
  return () => vi.unstubAllEnvs();
});
afterEach(() => stopAll());

describe('startTemporalServer', () => {
  it('keeps a started workflow over a restart and over a crash, and leaves no process', async () => {
    const databaseFile = join(await temporaryDirectory('test'), 'temporal.db');
    const server = await startTemporalServer({ databaseFile, searchAttributes: { Customer: 'Keyword' } });
    const pids = [server.pid!];
    await withClient(server, (client) =>
      client.workflow.start('any', {
        workflowId: 'kept',
        taskQueue: 'nobody',
        searchAttributes: { Customer: ['cvs'] },
      }),
    );

    await server.restart();
    pids.push(server.pid!);
    expect(await statusOf(server, 'kept')).toBe('RUNNING');

    await server.kill();
    expect(server.pid).toBeUndefined();
    await server.restart();
    pids.push(server.pid!);
    expect(await statusOf(server, 'kept')).toBe('RUNNING');
    expect((await fetch(server.uiUrl!)).status).toBe(200);

    await server.stop();
    expect(new Set(pids).size).toBe(3);
    expect(pids.filter(isRunning)).toEqual([]);
  });

  it('fails with the end of the log when the server cannot start', async () => {
    const databaseFile = join(await temporaryDirectory('test'), 'missing', 'temporal.db');
    await expect(startTemporalServer({ databaseFile })).rejects.toThrow(/ended while it started.*database file/s);
  });

  it('refuses a port that another server uses, and does not mistake that server for its own', async () => {
    const first = await startTemporalServer();
    const port = Number(first.address.split(':')[1]);
    await expect(startTemporalServer({ port, uiPort: await freePort() })).rejects.toThrow(`Port ${port}`);
    await expect(startTemporalServer({ port })).rejects.toThrow(`Port ${port}`);
  });

  it('uses the server that TEMPORAL_ADDRESS names, leaves it running, and says what it lacks', async () => {
    const own = await startTemporalServer();
    vi.stubEnv('TEMPORAL_ADDRESS', own.address);
    const reused = await startTemporalServer({ reuse: true });
    expect(reused.address).toBe(own.address);
    await reused.stop();
    expect(isRunning(own.pid!)).toBe(true);
    await expect(reused.kill()).rejects.toThrow('not started here');
    await expect(startTemporalServer({ reuse: true, namespace: 'absent' })).rejects.toThrow(
      'temporal operator namespace create --namespace absent',
    );
    await own.stop();
    await expect(startTemporalServer({ reuse: true })).rejects.toThrow(/TEMPORAL_ADDRESS is .* no Temporal server/);
  });
});
