/**
 * `npm run bench:serve [-- --minutes 60 --customers 10000 --days 366 --viewers 50 --live]`: what `backfill serve` costs over
 * a large run, in a browser (Chromium, where it is installed) and with many viewers at once. docs/performance.md has a table of it.
 */
import { existsSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Client, Connection } from '@temporalio/client';
import { chromium, type Page } from 'playwright-core';
import { spawnManaged } from '../src/processes/managed-process.js';
import { stopAll } from './dev/processes.js';
import { QUEUES, startStack, Usage } from './lab/bench/stack.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    customers: { type: 'string', default: '10000' },
    days: { type: 'string', default: '366' },
    viewers: { type: 'string', default: '50' },
    live: { type: 'boolean', default: false },
  },
});
const [minutes, customers, days, viewers] = [values.minutes, values.customers, values.days, values.viewers].map(
  Number,
) as [number, number, number, number];

/** As often as a page refreshes itself. */
const REFRESH_MS = 3_000;
const CLUSTER = 'default';
/** About a window a second. */
const LIVE = { parallelism: 2, child: { taskQueue: QUEUES.windows, input: [{ takesMs: 2_000 }], partialInput: true } };
const LAST_ROW_SEEN = '(({ first, rows, total }) => +first + +rows === +total)(document.querySelector(".map").dataset)';
const local = (path: string) => fileURLToPath(new URL(path, import.meta.url));

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void stopAll().finally(() => process.exit(130)));
}
async function measure(): Promise<void> {
  const { client, workers } = await startStack();
  const { address } = (client.connection as Connection).options;
  const env = { ...process.env, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: client.options.namespace };
  await startRun(client);
  const serving = await spawnManaged(
    'serve',
    process.execPath,
    [local('../dist/cli/backfill.js'), 'serve', '--port', '0'],
    { env },
  );
  const server = new Usage(serving.pid);
  const printed = await addressIn(() => serving.tail());
  const run = `${printed.origin}/clusters/${CLUSTER}`;
  const cookie = await cookieOf(printed);
  await untilShown(run, cookie);
  console.log(`${availableParallelism()} cores, Node ${process.version}, load ${loadavg()[0]!.toFixed(1)}`);
  const [first, ...next] = await times(run, cookie, 20);
  print(
    'a page of the run, first and median of 20',
    `${ms(first!.firstByte)}, ${ms(middle(next.map((one) => one.firstByte)))}`,
  );
  print('its size', `${Math.round(first!.bytes / 1_024)} kB of HTML`);
  const executablePath = [process.env.CHROMIUM_PATH, '/usr/bin/chromium'].find((path) => path && existsSync(path));
  const page = executablePath ? await openedPage(executablePath, printed, run) : undefined;
  if (!page) console.log('SKIPPED: what a browser measures needs Chromium (apt-get install chromium)');
  if (viewers > 0) await crowd(run, cookie, { server, worker: workers.backfill });
  print('memory after 0 minutes', await memory(server, page));
  for (let minute = 10; minute <= minutes; minute += 10) {
    await sleep(10 * 60_000);
    print(`memory after ${minute} minutes`, await memory(server, page));
  }
}

/** Paused from the start, unless it is live: nothing moves, and every day waits. */
async function startRun(client: Client): Promise<void> {
  const end = new Date(Date.UTC(2026, 0, 1 + days)).toISOString().slice(0, 10);
  const ids = Array.from({ length: customers }, (_, i) => `customer-${i}`);
  const input = { customers: ids, start: '2026-01-01', end, parallelism: LIVE.parallelism, child: LIVE.child };
  const handle = await client.workflow.signalWithStart('backfillScorecards', {
    taskQueue: QUEUES.backfill,
    workflowId: 'backfillscorecards-default-2026',
    args: [input],
    signal: values.live ? 'resume' : 'pause',
    signalArgs: [{ by: 'bench' }],
  });
  await handle.query('progress');
}

/** The load of many viewers, each with a page that refreshes itself. */
async function crowd(run: string, cookie: string, { server, worker }: { server: Usage; worker: Usage }): Promise<void> {
  const [cpu, workerCpu, from] = [await server.cpuMs(), await worker.cpuMs(), performance.now()];
  const waits = (
    await Promise.all(
      Array.from({ length: viewers }, async (_, i) => {
        await sleep((i * REFRESH_MS) / viewers);
        const waited: number[] = [];
        while (performance.now() - from < 60_000) {
          const [one] = await times(run, cookie, 1);
          waited.push(one!.firstByte);
          await sleep(REFRESH_MS);
        }
        return waited;
      }),
    )
  ).flat();
  const passed = performance.now() - from;
  const share = (used: number) => `${Math.round((100 * used) / passed)}%`;
  print(
    `${viewers} viewers for a minute, first byte, median and 95%`,
    `${ms(middle(waits))}, ${ms(quantile(waits, 0.95))}`,
  );
  print(
    'meanwhile of a core: the server, the worker',
    `${share((await server.cpuMs()) - cpu)}, ${share((await worker.cpuMs()) - workerCpu)}`,
  );
}

async function openedPage(executablePath: string, printed: URL, run: string): Promise<Page> {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  const page = await browser.newPage();
  await page.goto(printed.href);
  const from = performance.now();
  await page.goto(run, { waitUntil: 'commit' });
  await page.locator('.map tbody tr').first().waitFor();
  print('first picture in a browser', ms(performance.now() - from));
  await page.locator('.map').evaluate((map) => map.scrollTo(0, map.scrollHeight));
  const scrolledAt = performance.now();
  while (!(await page.evaluate<boolean>(LAST_ROW_SEEN))) await sleep(5);
  print('scrolled to the last customer', ms(performance.now() - scrolledAt));
  // A live run works on the first ones.
  await page.locator('.map').evaluate((map) => map.scrollTo(0, 0));
  return page;
}

async function memory(server: Usage, page: Page | undefined): Promise<string> {
  const own = `server ${Math.round(await server.memoryMb())} MB`;
  if (!page) return own;
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  await session.send('Performance.enable');
  const { metrics } = await session.send('Performance.getMetrics');
  await session.detach();
  const value = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
  return `${own}, page ${(value('JSHeapUsedSize') / 1e6).toFixed(1)} MB and ${value('Nodes')} nodes`;
}

async function addressIn(output: () => string): Promise<URL> {
  for (;;) {
    const [address] = /http:\S+\?token=\S+/.exec(output()) ?? [];
    if (address) return new URL(address);
    await sleep(50);
  }
}

async function cookieOf(printed: URL): Promise<string> {
  const response = await fetch(printed, { redirect: 'manual' });
  return response.headers.get('set-cookie')!.split(';')[0]!;
}

async function untilShown(run: string, cookie: string): Promise<void> {
  while (!(await (await fetch(run, { headers: { cookie } })).text()).includes('class="map')) await sleep(500);
}

interface Timed {
  readonly firstByte: number;
  readonly bytes: number;
}

async function times(run: string, cookie: string, amount: number): Promise<Timed[]> {
  const all: Timed[] = [];
  for (let i = 0; i < amount; i++) {
    const from = performance.now();
    const response = await fetch(run, { headers: { cookie } });
    const firstByte = performance.now() - from;
    const bytes = (await response.text()).length;
    all.push({ firstByte, bytes });
  }
  return all;
}

const quantile = (amounts: readonly number[], share: number): number =>
  [...amounts].sort((a, b) => a - b)[Math.floor(amounts.length * share)] ?? Number.NaN;
const middle = (amounts: readonly number[]) => quantile(amounts, 0.5);
const ms = (amount: number) => `${Math.round(amount)} ms`;
const print = (what: string, figure: string) => console.log(`${what}: ${figure}`);

try {
  await measure();
} finally {
  await stopAll();
}
process.exit();
