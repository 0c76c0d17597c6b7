import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { build } from '../../scripts/dev/build.js';
import { startPostgres } from '../../scripts/dev/postgres.js';
import { stopAll, temporaryDirectory } from '../../scripts/dev/processes.js';
import { startTemporalServer } from '../../scripts/dev/temporal-server.js';
import { checkCluster } from '../../src/cli/doctor/check-cluster.js';
import type { Cluster } from '../../src/fleet/cluster.js';
import { freePort } from '../../src/fleet/free-port.js';
import { AnsweringWorker } from './answering.js';
import { clusterOf, portForwardTo, StandInKubectl } from './support.js';

let address: string;
let kubectl: StandInKubectl;
const workers: AnsweringWorker[] = [];

/** Each finding as `mark check: text`. */
async function findings(cluster: Partial<Cluster>, environment: NodeJS.ProcessEnv = {}): Promise<string[]> {
  const options = {
    environment: { ...kubectl.environment, ...environment },
    fleetFile: 'fleet.yaml',
    today: '2026-02-11',
  };
  const found = await checkCluster({ ...clusterOf({ address }), ...cluster }, options);
  expect(found.filter(({ level, fix }) => (level === 'ok') !== (fix === undefined))).toEqual([]);
  const marks = { ok: '✓', hint: '!', problem: '✗' };
  return found.map(({ check, level, text }) => `${marks[level]} ${check}: ${text}`);
}

const about = (check: string, lines: string[]) => lines.filter((line) => line.slice(2).startsWith(`${check}:`));

beforeAll(async () => {
  await build();
  const searchAttributes = { BackfillCluster: 'Keyword', BackfillStatus: 'Int' } as const;
  const server = await startTemporalServer({ searchAttributes });
  ({ address } = server);
  kubectl = await StandInKubectl.create({ a_dev: address });
  for (const taskQueue of ['backfill-scorecards', 'ingestion']) {
    workers.push(await AnsweringWorker.start(address, 'ingestion', taskQueue, { activities: true }));
  }
  workers.push(await AnsweringWorker.start(address, 'ingestion', 'workflows-only'));
});
afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  await stopAll();
});

describe('doctor', () => {
  it('checks the whole connection to a cluster, and what a run needs there', async () => {
    await vi.waitUntil(async () => {
      const lines = await findings({});
      return lines.some((line) => line.startsWith('✓ worker')) && lines.some((line) => line.startsWith('✓ ingestion'));
    }, 30_000);
    expect(await findings({ connection: portForwardTo('a_dev') })).toEqual([
      '✓ fleet file: fleet.yaml',
      '✓ kubectl: v1.32.0-stand-in, with the context a_dev',
      expect.stringMatching(/^✓ connection: Temporal answers at 127\.0\.0\.1:\d+$/),
      expect.stringMatching(/^✓ versions: server 1\.\d+\.\d+, backfill-scorecards \d+\.\d+\.\d+, Node \d+/),
      '✓ namespace: ingestion, which keeps closed workflows for 1 day',
      '✓ worker: 1 worker for workflows, 1 worker for activities on task queue backfill-scorecards',
      '✓ ingestion: 1 worker for workflows, 1 worker for activities on task queue ingestion',
      '✗ search attributes: BackfillStatus has type INT, not Keyword: runs do not set it',
      '! search attributes: missing BackfillCustomer (optional)',
      `✓ customers: no directory in the fleet file: "all" means all of the worker's directory`,
    ]);
    expect(await kubectl.running()).toEqual([]);
  });

  it('says that no worker polls, or none for activities', async () => {
    const lines = await findings({ taskQueue: 'nobody', defaults: { child: { taskQueue: 'workflows-only' } } });
    expect(about('worker', lines)).toEqual(['✗ worker: no worker polls task queue nobody']);
    expect(about('ingestion', lines)).toEqual([
      '! ingestion: 1 worker for workflows, no worker for activities on task queue workflows-only',
    ]);
  });

  it('says that a namespace does not exist, and checks nothing in it', async () => {
    const lines = await findings({ namespace: 'elsewhere' });
    expect(lines).toContain('✗ namespace: there is no namespace elsewhere');
    expect(about('worker', lines)).toEqual([]);
  });

  it('says that nothing listens, that kubectl is missing, or that it lacks the context, and continues', async () => {
    const closed = `127.0.0.1:${await freePort()}`;
    expect(await findings({ connection: { address: closed } })).toEqual([
      '✓ fleet file: fleet.yaml',
      `✗ connection: us-west-2-prod is unreachable: ${closed} refuses connections`,
      expect.stringMatching(/^✓ customers/),
    ]);
    expect(await findings({ connection: portForwardTo('a_dev') }, { KUBECTL: '/nonexistent/kubectl' })).toContain(
      '✗ kubectl: /nonexistent/kubectl is not installed',
    );
    expect(await findings({ connection: portForwardTo('b_dev') })).toContain(
      '✗ kubectl: kubectl does not have the context b_dev, it has a_dev',
    );
  });

  it('asks the customer directory, of each kind', async () => {
    const postgres = await startPostgres();
    const url = { env: 'CUSTOMERS_URL' };
    const query = `SELECT $1 || '-customer' AS id, extract(day FROM $3::date - interval '1 day') AS conversations WHERE $2 = '2026-02-01'`;
    const directory = { kind: 'sql', url, query } as const;
    const found = await findings({ directory }, { CUSTOMERS_URL: postgres.url });
    expect(about('customers', found)).toEqual(['✓ customers: 1 customer, 1 with a known volume']);
    const writing = { ...directory, query: `CREATE TABLE x AS SELECT $1::text, $2::text, $3::text` };
    const [refused] = about('customers', await findings({ directory: writing }, { CUSTOMERS_URL: postgres.url }));
    expect(refused).toMatch(/^✗ customers: .*read-only transaction/);
    expect(about('customers', await findings({ directory }))).toEqual([
      '✗ customers: the environment variable CUSTOMERS_URL is not set',
    ]);
    const path = join(await temporaryDirectory('directory'), 'customers.json');
    await writeFile(path, JSON.stringify({ 'us-west-2-prod': ['cvs', { id: 'oportun', conversations: 5 }] }));
    expect(about('customers', await findings({ directory: { kind: 'file', path } }))).toEqual([
      '✓ customers: 2 customers, 1 with a known volume',
    ]);
  });

  it('tries the probe where this environment has its connection, and never shows it', async () => {
    const defaults = { probe: { maxLoad: { activeSessions: 20, nonsense: 1 } } };
    expect(about('probe', await findings({ defaults }))).toEqual([
      '! probe: the worker measures activeSessions, nonsense; its connection is not set in this environment',
    ]);
    const { url } = await startPostgres();
    const tried = about('probe', await findings({ defaults }, { BACKFILL_PROBE_URL_US_WEST_2_PROD: url }));
    expect(tried).toEqual(['✓ probe: activeSessions 0', expect.stringMatching(/^! probe: nonsense: unknown metric/)]);
    const closed = `postgresql://kim:hunter2@127.0.0.1:${await freePort()}/x`;
    expect(about('probe', await findings({ defaults }, { BACKFILL_PROBE_URL: closed }))).toEqual([
      "✗ probe: it can't measure: it refuses connections",
      expect.stringMatching(/^! probe: nonsense: unknown metric/),
    ]);
    const queries = join(await temporaryDirectory('queries'), 'queries.json');
    await writeFile(queries, JSON.stringify({ slow: { promql: 'up' } }));
    const prometheus = `http://kim:hunter2@127.0.0.1:${await freePort()}`;
    const metrics = { probe: { maxLoad: { activeSessions: 20, slow: 1 } } };
    const environment = { BACKFILL_PROBE_URL: url, BACKFILL_PROBE_QUERIES_FILE: queries };
    const both = { ...environment, BACKFILL_PROBE_PROMETHEUS_URL: prometheus };
    expect(about('probe', await findings({ defaults: metrics }, both))).toEqual([
      '✓ probe: activeSessions 0',
      "✗ probe: it can't measure: Prometheus: it refuses connections",
    ]);
  });
});

describe('backfill doctor', () => {
  async function doctor(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const program = new URL('../../dist/cli/backfill.js', import.meta.url).pathname;
    const file = join(await temporaryDirectory('fleet'), 'fleet.yaml');
    await writeFile(
      file,
      `clusters:
  up: { address: "${address}" }
  down: { address: "127.0.0.1:${await freePort()}" }
`,
    );
    const options = { env: kubectl.environment, timeout: 60_000 };
    return await promisify(execFile)(process.execPath, [program, '--fleet', file, 'doctor', ...args], options).then(
      (output) => ({ ...output, code: 0 }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );
  }

  it('shows each cluster within 80 columns, and its exit code says whether all is well', async () => {
    const { code, stdout } = await doctor();
    expect(code).toBe(1);
    expect(stdout).toMatch(/^up\n {2}✓ fleet file .*\ndown\n {2}✓ fleet file /s);
    expect(stdout).toContain('✗ connection         down is unreachable');
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect((await doctor('down')).code).toBe(5);
  });

  it('prints one JSON document for scripts', async () => {
    const { stdout } = await doctor('down', '--output', 'json');
    const { command, exitCode, clusters } = JSON.parse(stdout);
    expect({ command, exitCode }).toEqual({ command: 'doctor', exitCode: 5 });
    expect(clusters[0].findings[1]).toEqual({
      check: 'connection',
      level: 'problem',
      text: expect.stringContaining('refuses connections'),
      fix: 'check that Temporal runs there, and the address',
    });
  });
});
