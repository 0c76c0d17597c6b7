import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Client, Connection } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { build } from '../../scripts/dev/build.js';
import { stopAll, temporaryDirectory } from '../../scripts/dev/processes.js';
import { startTemporalServer } from '../../scripts/dev/temporal-server.js';
import { AnsweringWorker } from './answering.js';
import { StandInKubectl } from './support.js';

const taskQueue = 'backfill-scorecards';
let kubectl: StandInKubectl;
let fleet: string;
let worker: AnsweringWorker;
let address: string;
const commands: ChildProcess[] = [];

/** Starts the built command, which reaches its cluster through a port-forward. */
function backfill(...args: string[]) {
  const program = new URL('../../dist/cli/backfill.js', import.meta.url).pathname;
  const command = spawn(process.execPath, [program, '--fleet', fleet, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: kubectl.environment,
  });
  commands.push(command);
  const output = { stdout: text(command.stdout!), stderr: text(command.stderr!), exit: once(command, 'exit') };
  return { command, ...output };
}

beforeAll(async () => {
  await build();
  ({ address } = await startTemporalServer());
  kubectl = await StandInKubectl.create({ a_dev: address });
  fleet = join(await temporaryDirectory('fleet'), 'fleet.yaml');
  await writeFile(fleet, 'clusters: { a: { portForward: { context: a_dev } } }\n');
  const connection = await Connection.connect({ address });
  const client = new Client({ connection, namespace: 'ingestion' });
  await client.workflow.start('backfillScorecards', { workflowId: 'backfillscorecards-a-2026-01', taskQueue });
  await connection.close();
});
afterEach(async () => {
  for (const command of commands.splice(0)) command.kill('SIGKILL');
  await worker.stop();
  await vi.waitUntil(async () => (await kubectl.running()).length === 0, 20_000);
});
afterAll(() => stopAll());

describe('a command that reaches its cluster through a port-forward', () => {
  it('answers although the port-forward dropped while a query was under way', async () => {
    worker = await AnsweringWorker.start(address, 'ingestion', taskQueue);
    const { command, stdout, stderr, exit } = backfill(
      'log',
      '--run',
      'backfillscorecards-a-2026-01',
      '--output',
      'json',
    );
    await vi.waitUntil(() => worker.queries === 1, 30_000);
    const [pid] = await kubectl.running();
    process.kill(pid!, 'SIGHUP');
    await vi.waitUntil(() => worker.queries === 2, 30_000);
    worker.answer([]);
    expect(await exit).toEqual([0, null]);
    expect(JSON.parse(await stdout).clusters).toMatchObject([{ cluster: 'a', log: [] }]);
    expect(await stderr).toBe(
      'a: the port-forward ended (error: lost connection to pod); restarting it\na: the port-forward is up again\n',
    );
    expect(command.exitCode).toBe(0);
    expect(await kubectl.running()).toEqual([]);
  });

  it.for(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const)(
    'leaves no kubectl when it ends by %s',
    async (signal) => {
      worker = await AnsweringWorker.start(address, 'ingestion', taskQueue);
      const { command, exit } = backfill('log', '--run', 'backfillscorecards-a-2026-01');
      await vi.waitUntil(() => worker.queries === 1, 30_000);
      expect(await kubectl.running()).toHaveLength(1);
      command.kill(signal);
      expect(await exit).toEqual(signal === 'SIGKILL' ? [null, signal] : [130, null]);
      await vi.waitUntil(async () => (await kubectl.running()).length === 0, 20_000);
    },
  );
});
