import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { completeness } from '../../src/reference-ingestion/completeness.js';
import { addFault, type Database, eventually, startDatabase, startTemporal, type Temporal } from './stack.js';

const range = { start: '2026-01-01', end: '2026-02-01' };
const program = fileURLToPath(new URL('../../dist/reference-ingestion/worker.js', import.meta.url));
let database: Database;
let temporal: Temporal;
let processes: { child: ChildProcess; output: () => string; exited: Promise<unknown> }[] = [];

beforeAll(async () => {
  await access(program).catch(() => {
    throw new Error('expected a built project, found none: run `npm run build` (`npm test` does)');
  });
  const customers = [{ cluster: 'voice-prod', id: 'acme', conversations: 300 }];
  [database, temporal] = await Promise.all([startDatabase({ customers, range }), startTemporal()]);
});
afterEach(async () => {
  // Gently: the server would hand the next test's tasks to a poller that was killed.
  for (const { child } of processes) child.kill('SIGTERM');
  await Promise.all(processes.map(({ exited }) => exited));
  processes = [];
});
afterAll(async () => {
  await temporal?.stop();
  await database?.stop();
});

function startWorker(environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, [program], {
    env: {
      ...process.env,
      TEMPORAL_ADDRESS: temporal.server.address,
      REINDEXER_DATABASE_URL: database.reindexerUrl,
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk));
  const started = { child, output: () => text, exited: once(child, 'exit') };
  processes.push(started);
  return started;
}

describe('the worker process', () => {
  it('that dies in the middle of a page leaves a window that the next one completes', async () => {
    await addFault(database, { customer: 'acme', kind: 'crash', parameters: { afterPages: 2 } });
    const first = startWorker();
    const handle = await temporal.start('acme', range.start, range.end, {
      heartbeatTimeoutMs: 1_000,
      activityAttempts: 20,
    });
    expect(await first.exited).toEqual([137, null]);
    const half = (await completeness(database.owner, range)).total;
    expect(half).toMatchObject({ scorecards: 200, missing: 100, wrongAggregates: 0 });

    startWorker();
    expect(await handle.result()).toMatchObject({ conversations: 300, resumedFrom: expect.stringMatching(/^acme-/) });
    expect((await completeness(database.owner, range)).total).toMatchObject({ missing: 0, wrongAggregates: 0 });
    await database.owner.query('TRUNCATE reference.faults');
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends by itself on %s, and its log shows no password', async (signal) => {
    const worker = startWorker();
    await (await temporal.start('acme', range.start, range.end)).result();
    worker.child.kill(signal);
    expect(await worker.exited).toEqual([0, null]);
    expect(worker.output()).toContain('reindexer@127.0.0.1');
    expect(worker.output()).not.toContain(':reindexer@');
  });

  it('waits for a Temporal server that is not there yet, and can be stopped meanwhile', async () => {
    const worker = startWorker({ TEMPORAL_ADDRESS: '127.0.0.1:1' });
    await eventually(async () => worker.output().includes('trying again'), 'the worker to try');
    worker.child.kill('SIGTERM');
    expect(await worker.exited).toEqual([0, null]);
  });

  it('continues after the Temporal server was away', async () => {
    const faults = JSON.stringify([{ customerId: '*', kind: 'slow', parameters: { milliseconds: 50 } }]);
    startWorker({ REFERENCE_FAULTS: faults });
    await (await temporal.start('acme', '2026-01-01', '2026-01-02')).result();
    await temporal.server.restart();
    const started = await eventually(
      async () => await temporal.start('acme', '2026-01-02', '2026-01-03').catch(() => undefined),
      'the server to accept a window',
    );
    expect(await started.result()).toMatchObject({ customerId: 'acme' });
  });
});
