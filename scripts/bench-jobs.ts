/**
 * `npm run bench:jobs`: what the job API of `backfill serve` takes, over 8 clusters with 10,000 closed runs and 8 open ones.
 * docs/performance.md says what is measured. `--closed N`, `--clients N`, `--seconds N` (of polling), `--minutes N` (of a stream).
 */
import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { jobsClient, jobsV1 } from '../src/index.js';
import { spawnManaged } from '../src/processes/managed-process.js';
import { stopAll, temporaryDirectory } from './dev/processes.js';
import { startTemporalServer } from './dev/temporal-server.js';
import { CLUSTERS, createPast, startOpenRuns, startWorkers } from './lab/bench/jobs/fleet.js';

const { values } = parseArgs({
  options: {
    closed: { type: 'string', default: '10000' },
    clients: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '60' },
    minutes: { type: 'string', default: '5' },
  },
});
const asked = {
  closed: Number(values.closed),
  clients: Number(values.clients),
  seconds: Number(values.seconds),
  minutes: Number(values.minutes),
};
const bin = fileURLToPath(new URL('../dist/cli/backfill.js', import.meta.url));

const megabytes = async (pid: number) => {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(text)?.[1]) / 1_024);
};
const share = (values: readonly number[], of: number) =>
  Math.round([...values].sort((a, b) => a - b)[Math.floor(of * (values.length - 1))] ?? Number.NaN);
const show = (what: string, text: string) => console.log(`${what.padEnd(58)} ${text}`);

Runtime.install({ logger: new DefaultLogger('ERROR') });
try {
  const folder = await temporaryDirectory('bench-jobs');
  const logFile = join(folder, 'temporal.log');
  const temporal = await startTemporalServer({ namespace: 'ingestion', logFile });
  const connection = await NativeConnection.connect({ address: temporal.address });
  const client = new Client({
    connection: await Connection.connect({ address: temporal.address }),
    namespace: 'ingestion',
  });
  const workers = await startWorkers(connection, 'ingestion');
  const working = Promise.all(workers.map((worker) => worker.run()));
  await createPast(client, asked.closed);
  await startOpenRuns(client);

  const token = `token-${randomUUID()}`;
  await writeFile(join(folder, 'token'), token);
  const clusters = Object.fromEntries(CLUSTERS.map((name) => [name, { address: temporal.address }]));
  await writeFile(join(folder, 'fleet.yaml'), JSON.stringify({ clusters }));
  let printed = '';
  const serve = await spawnManaged('serve', process.execPath, [bin, 'serve', '--port', '0', '--token-file', 'token'], {
    cwd: folder,
    onLine: (line) => {
      printed += line;
    },
  });
  while (!/http:\/\/127\S+/.test(printed)) await sleep(100);
  const baseUrl = /http:\/\/127[\d.:]+/.exec(printed)![0];
  const jobs = jobsClient({ baseUrl, token });

  /** All pages of a list: how long each took, how many jobs they had, and the clusters of which some are missing. */
  async function list(
    request: { pageSize: number; view?: jobsV1.JobView; filter?: string },
    most = Number.POSITIVE_INFINITY,
  ) {
    const times: number[] = [];
    const missing = new Set<string>();
    let [count, pageToken] = [0, ''];
    do {
      const from = performance.now();
      const page = await jobs.listJobs({ ...request, pageToken });
      times.push(performance.now() - from);
      count += page.jobs.length;
      for (const cluster of page.unreachable) missing.add(cluster);
      pageToken = page.nextPageToken;
    } while (pageToken !== '' && times.length < most);
    return { times, count, missing: [...missing] };
  }
  const pages = ({ times, count, missing }: Awaited<ReturnType<typeof list>>) =>
    [
      `${times.length} pages, ${count} jobs: median ${share(times, 0.5)} ms, 99% ${share(times, 0.99)} ms`,
      ...(missing.length > 0 ? [`without all of ${missing.join(', ')}`] : []),
    ].join(', ');

  const { JobView } = jobsV1;
  await list({ pageSize: 50 }, 2);
  const atFirst = await megabytes(serve.pid);
  show('all jobs, 50 on a page', pages(await list({ pageSize: 50 })));
  show('all jobs, 500 on a page', pages(await list({ pageSize: 500 })));
  show('50 on a page, in full (a report each)', pages(await list({ pageSize: 50, view: JobView.FULL }, 40)));
  const january = 'customer = "cvs" AND range : "2026-01-15"';
  show("a customer's day, in one open run of each cluster", pages(await list({ pageSize: 50, filter: january })));
  const past = 'customer = "cvs" AND range : "2001-01-15"';
  show("a customer's day, in one closed run of each cluster", pages(await list({ pageSize: 50, filter: past })));
  for (let i = 0; i < 5; i++) await list({ pageSize: 500 });
  show('memory of the server: at first, then after 60,000 jobs', `${atFirst} MB, ${await megabytes(serve.pid)} MB`);

  /** How often Temporal was asked, by operation. */
  async function questions(): Promise<Record<string, number>> {
    const port = /Metrics:\s+http:\/\/[^:]+:(\d+)/.exec(await readFile(logFile, 'utf8'))?.[1];
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const counts: Record<string, number> = {};
    for (const line of text.split('\n')) {
      const [, labels, value] = /^service_requests\{(.*)\} (\S+)$/.exec(line) ?? [];
      const operation = /operation="(\w+)"/.exec(labels ?? '')?.[1];
      if (operation && /service_name="frontend"/.test(labels!))
        counts[operation] = (counts[operation] ?? 0) + Number(value);
    }
    return counts;
  }
  const OPERATIONS = ['QueryWorkflow', 'ListWorkflowExecutions', 'DescribeWorkflowExecution'];
  async function during(seconds: number, work: (until: number) => Promise<void>): Promise<string> {
    const before = await questions();
    await work(Date.now() + seconds * 1_000);
    const after = await questions();
    const perSecond = OPERATIONS.map((name) => {
      const asked = ((after[name] ?? 0) - (before[name] ?? 0)) / seconds / CLUSTERS.length;
      return `${name} ${asked.toFixed(2)}`;
    });
    return `${perSecond.join(', ')} a second and cluster`;
  }
  show('nobody asks', await during(20, async () => void (await sleep(20_000))));
  const latencies: number[] = [];
  const poll = async (i: number, until: number) => {
    const own = jobsClient({ baseUrl, token });
    const cluster = CLUSTERS[i % CLUSTERS.length]!;
    while (Date.now() < until) {
      const from = performance.now();
      await own.listJobs({ filter: 'state = RUNNING' });
      await own.getJob({ name: `clusters/${cluster}/jobs/backfillscorecards-${cluster}-2026-01` });
      latencies.push(performance.now() - from);
      await sleep(1_000);
    }
  };
  const polled = await during(asked.seconds, async (until) => {
    await Promise.all(Array.from({ length: asked.clients }, (_, i) => poll(i, until)));
  });
  show(`${asked.clients} clients, each a ListJobs and a GetJob a second`, polled);
  show('  both calls together', `median ${share(latencies, 0.5)} ms, 99% ${share(latencies, 0.99)} ms`);
  show('memory of the server', `${await megabytes(serve.pid)} MB`);

  const ended = new AbortController();
  const streams = CLUSTERS.map(async (cluster) => {
    const name = `clusters/${cluster}/jobs/backfillscorecards-${cluster}-2026-01`;
    for await (const _ of jobs.watchJob({ name }, { signal: ended.signal }));
  });
  for (const stream of streams) stream.catch(() => {});
  const samples: number[] = [];
  for (let minute = 0; minute <= asked.minutes; minute++) {
    samples.push(await megabytes(serve.pid));
    if (minute < asked.minutes) await sleep(60_000);
  }
  const tenths = samples.filter((_, i) => i % Math.max(1, Math.round(samples.length / 6)) === 0);
  show(`8 streams for ${asked.minutes} minutes: memory on the way`, `${tenths.join(', ')} MB`);
  ended.abort();

  await serve.stop();
  for (const worker of workers) worker.shutdown();
  await working;
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await stopAll();
  // Workers whose server is gone try for minutes to reach it.
  process.exit();
}
