/**
 * `npm run record-histories [story…]`: runs each story for real and writes its history to `test/fixtures/histories/`,
 * where the replay tests take it. Record again, or add a story, when a change of the workflow makes new histories.
 *
 * Histories of a release must replay under every later version: `npm run release` keeps them in a folder of the
 * release, which this script leaves alone.
 */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleChild } from '../test/support/child/bundle.js';
import { historiesFolder, printed } from '../test/support/histories.js';
import { startHoles } from '../test/support/holes.js';
import { Rig } from '../test/support/rig.js';
import { BackfillHandle } from '../test/support/run.js';
import { build } from './dev/build.js';
import { stopAll, temporaryDirectory } from './dev/processes.js';
import { startTemporalServer } from './dev/temporal-server.js';
import { WebhookReceiver } from './lab/webhook-receiver.js';

const day = { start: '2026-01-01', end: '2026-01-02' };
const days = { start: '2026-01-01', end: '2026-01-04' };
const soon = { attempts: 2, backoff: '100ms', maxBackoff: '200ms' };

/** Starts a run with a prefix of its own, so that no story meets the windows of another. */
let rig: Rig;
let prefix = '';
/** Where notifications go. */
let webhooks: WebhookReceiver;
/** What the checks of windows count. */
let holes: Awaited<ReturnType<typeof startHoles>>;
const start = (input: Record<string, unknown>) =>
  rig.startBackfill(input, { prefix, workflowId: `backfill-${prefix}` });

const stories: Record<string, () => Promise<BackfillHandle>> = {
  async sequential() {
    return start({ customers: ['cvs', 'oportun'], ...days });
  },

  async bounded() {
    const customers = ['brief-a', { id: 'brief-b', conversations: 4_200 }, 'brief-c'];
    return start({ customers, ...days, window: '12h', parallelism: { max: 4, perCustomer: 2 } });
  },

  async 'continue-as-new'() {
    const customers = ['slow-a', 'slow-b', { id: 'cvs', end: '2026-01-11' }];
    const run = await start({ customers, ...day, parallelism: 3, maxHistoryEvents: 60 });
    await run.untilContinued(1);
    await run.until(({ customers }) => customers[2]!.days === 'd'.repeat(10));
    await run.update('pause', { reason: 'carried over' });
    await run.signal('resume');
    await run.finish('slow-a', '2026-01-01');
    await run.finish('slow-b', '2026-01-01');
    return run;
  },

  async 'commands-as-signals'() {
    return commands((run, name, argument) => run.signal(name, argument));
  },

  async 'commands-as-updates'() {
    return commands((run, name, argument) => run.update(name, argument));
  },

  async refusals() {
    const run = await start({ customers: ['slow-a'], ...days });
    await run.until(({ totals }) => totals.running === 1);
    for (const name of ['resetDay', 'reset-day', 'resetDays']) {
      await run.refusal(name, { customer: 'nobody', day: '2026-01-01' });
      await run.signal(name, { customer: 'nobody', day: '2026-01-01' });
    }
    await run.until(({ rejected }) => rejected.length === 3);
    await run.update('finish');
    await run.finish('slow-a', '2026-01-01');
    return run;
  },

  async 'failures-tried-again'() {
    const retry = { unknown: { ...soon, attempts: 3 }, contention: soon, overload: soon };
    return start({ customers: ['deadlocked-a', 'overloaded-b', 'shaky-c'], ...day, parallelism: 3, retry });
  },

  async 'failures-for-good'() {
    const retry = { unknown: soon, timeout: { attempts: 1 } };
    const customers = ['flaky-a', 'broken-b', 'slow-c', 'cvs'];
    const child = { executionTimeout: '1s' };
    const run = await start({ customers, ...day, parallelism: 4, retry, child });
    await run.until(({ status }) => status === 'waitingForOperator');
    await run.update('retryFailed', { customer: 'broken-b' });
    await run.until(({ status, totals }) => status === 'waitingForOperator' && totals.windows.started === 6);
    await run.update('finish');
    return run;
  },

  async incomplete() {
    return start({ customers: ['broken-a', 'cvs'], ...day, operatorTimeout: '1s' });
  },

  async stopped() {
    const customers = ['slow-a', 'slow-b', 'slow-c', 'slow-d'];
    const run = await start({ customers, ...day, parallelism: 3 });
    await run.untilStarted(3);
    await run.child('slow-a', '2026-01-01').terminate('on-call');
    await run.child('slow-b', '2026-01-01').cancel();
    await run.child('slow-c', '2026-01-01').cancel();
    await run.until(({ totals }) => totals.held === 3);
    await run.finish('slow-d', '2026-01-01');
    await run.until(({ totals }) => totals.done === 1);
    await run.update('resume');
    for (const customer of customers.slice(0, 3)) await run.finish(customer, '2026-01-01');
    return run;
  },

  async cancelled() {
    const run = await start({ customers: ['slow-a', 'stubborn-b'], ...days, parallelism: 2 });
    await run.untilStarted(2);
    await run.handle.cancel();
    await run.until(({ totals }) => totals.running === 1);
    await run.finish('stubborn-b', '2026-01-01');
    return run;
  },

  async adopted() {
    await rig.startByHand(prefix, 'slow-a', '2026-01-01--2026-01-03');
    const run = await start({ customers: ['slow-a', 'slow-b'], ...days, parallelism: 2 });
    await run.until(({ totals }) => totals.windows.adopted === 1 && totals.windows.started === 1);
    await rig.startByHand(prefix, 'slow-b', '2026-01-02');
    await run.finish('slow-b', '2026-01-01');
    await run.until(({ totals }) => totals.windows.adopted === 2);
    await run.finish('slow-a', '2026-01-01--2026-01-03', '2026-01-03');
    await run.finish('slow-b', '2026-01-02', '2026-01-03');
    return run;
  },

  async resumed() {
    const first = await rig.startBackfill({ customers: ['cvs'], ...days }, { prefix, workflowId: `earlier-${prefix}` });
    await first.report();
    await first.listed(3, 3);
    return start({ customers: ['cvs', 'oportun'], ...days, resume: true });
  },

  async verified() {
    await holes.plant('brief-b', '2026-01-02');
    const run = await start({ customers: ['brief-a', 'brief-b'], ...days, parallelism: 2, verify: 'report' });
    await run.report();
    await holes.repair('brief-b', '2026-01-02');
    return run;
  },

  async repaired() {
    await holes.plant('cvs', '2026-01-02');
    const verify = { mode: 'repair', repairs: 1 };
    const run = await start({ customers: ['cvs'], ...days, window: '1mo', verify, maxHistoryEvents: 60 });
    await run.until(({ status }) => status === 'waitingForOperator');
    await holes.repair('cvs', '2026-01-02');
    await run.update('retryFailed');
    return run;
  },

  /** Of the workflow that delivers what its run could not. */
  async notifications() {
    webhooks.status = 503;
    const run = await start({ customers: ['cvs'], ...day, notify: true });
    await run.report();
    webhooks.status = 204;
    const { runId } = await run.handle.describe();
    return new BackfillHandle(rig.client, `${run.workflowId}-notifications-${runId}`, prefix);
  },

  async paced() {
    return start({
      customers: ['brief-a', { id: 'brief-b', conversations: 4_200 }, 'overloaded-c'],
      ...days,
      canary: 1,
      window: { initial: 'auto', target: 2_000 },
      parallelism: { max: 4, adaptive: true },
      probe: { maxLoad: { activeSessions: 50 }, every: '1s' },
      retry: { overload: soon },
      hours: [{ from: '00:00', to: '24:00', timeZone: 'Europe/Berlin', max: 3 }],
    });
  },

  async 'all-customers'() {
    return start({ customers: 'all', exclude: ['test-account'], cluster: 'us-west-2-prod', ...day });
  },

  async 'invalid-input'() {
    return start({ customers: [], start: '2026-02-30', end: '2026-03-02' });
  },
};

/** Every command once, each seen to be done before the next. */
async function commands(send: (run: BackfillHandle, name: string, argument: unknown) => Promise<unknown>) {
  const run = await start({ customers: ['slow-a', 'slow-b', 'broken-c', 'cvs'], ...days, parallelism: 4 });
  await run.until(({ totals }) => totals.done === 3 && totals.failed === 3);
  let sent = 0;
  const command = async (name: string, argument: unknown) => {
    await send(run, name, argument);
    sent++;
    await run.untilLog((log) => log.filter(({ what }) => what !== 'decision').length === sent);
  };
  await command('pause', { reason: 'lunch', by: 'ana' });
  await command('resetDay', { customer: 'cvs', day: '2026-01-02' });
  await command('reset-day', { customer: 'slow-a', day: '2026-01-01' });
  await command('skipDay', { customer: 'slow-b', day: '2026-01-02' });
  await command('setParallelism', { max: 6, perCustomer: 2 });
  await command('addCustomers', { customers: ['late'] });
  await command('removeCustomer', { customer: 'slow-b' });
  await command('resume', { by: 'ana' });
  await command('retryFailed', {});
  await run.until(({ totals }) => totals.failed === 3 && totals.windows.started >= 14);
  await command('cancelWindows', { customer: 'slow-a' });
  await run.until(({ parallelism }) => parallelism.inFlight === 1);
  await command('finish', {});
  await run.finish('slow-b', '2026-01-01');
  return run;
}

async function record(story: string): Promise<void> {
  prefix = story;
  const run = await stories[story]!();
  await run.handle.result().catch(() => undefined);
  for (const file of await readdir(historiesFolder)) {
    if (file.replace(/(\.\d+)?\.json$/, '') === story) await rm(new URL(file, historiesFolder));
  }
  for (const [index, events] of (await run.histories()).entries()) {
    const name = index === 0 ? story : `${story}.${index + 1}`;
    await writeFile(new URL(`${name}.json`, historiesFolder), printed(run.workflowId, events));
    console.error(`${name}: ${events.length} events`);
  }
}

const asked = process.argv.slice(2);
const unknown = asked.filter((story) => !Object.hasOwn(stories, story));
if (unknown.length > 0) {
  throw new Error(`No such story: ${unknown.join(', ')}; there are ${Object.keys(stories).join(', ')}.`);
}
await build();
await mkdir(historiesFolder, { recursive: true });
const folder = await temporaryDirectory('histories');
const childBundle = join(folder, 'child.bundle.js');
await writeFile(childBundle, await bundleChild());
const directory = join(folder, 'directory.json');
await writeFile(
  directory,
  JSON.stringify({ 'us-west-2-prod': [{ id: 'cvs', conversations: 4_200 }, 'test-account', 'oportun'] }),
);
const server = await startTemporalServer({
  // With the optional attributes, so that their use is in the histories too.
  searchAttributes: { BackfillCluster: 'Keyword', BackfillCustomer: 'Keyword', BackfillStatus: 'Keyword' },
});
try {
  holes = await startHoles();
  webhooks = await WebhookReceiver.start();
  const webhookUrls = join(folder, 'webhooks.json');
  await writeFile(webhookUrls, JSON.stringify([{ url: webhooks.url }]));
  rig = await Rig.start({
    address: server.address,
    childBundle,
    taskQueue: 'backfill-scorecards',
    childQueue: 'ingestion',
    environment: {
      BACKFILL_DIRECTORY_FILE: directory,
      BACKFILL_WEBHOOK_URLS_FILE: webhookUrls,
      BACKFILL_PROBE_URL: holes.settings.BACKFILL_VERIFY_URL,
      ...holes.settings,
    },
  });
  for (const story of asked.length > 0 ? asked : Object.keys(stories)) await record(story);
  await rig.stop();
  await holes.close();
  webhooks.stop();
} finally {
  await stopAll();
}
