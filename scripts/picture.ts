/**
 * `npm run picture`: runs the January 2026 backfill as `npm start` does, and draws the screen of `backfill watch` as it is
 * once a third of a cluster's days are done, in `docs/pictures/watch.svg`.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { watchFrame } from '../src/cli/watch/frame.js';
import { initialWatchState } from '../src/cli/watch/watch-state.js';
import { defaultScale } from '../src/reference-ingestion/fleet.js';
import { type ClusterPicture, rateSinceStart } from '../src/watch/picture.js';
import { takeSnapshot } from '../src/watch/run-snapshot.js';
import { aborted, listenForInterruption } from './dev/start/interruption.js';
import { clusterNames } from './dev/start/options.js';
import { requestFor, workflowIdOf } from './dev/start/request.js';
import { Runs } from './dev/start/runs.js';
import { Stack } from './dev/start/stack.js';
import { terminalSvg } from './dev/terminal-svg.js';

const SIZE = { columns: 116, rows: 34 };
const SHOWN = 'us-west-2-prod';
/** Of its days, when the picture is drawn. */
const SHARE = 1 / 3;
const file = new URL('../docs/pictures/watch.svg', import.meta.url);

const options = { clusters: clusterNames(), scale: defaultScale, parallelism: 8 };
const signal = listenForInterruption(() => {});
const stack = new Stack(console.log);

async function pictureOf(cluster: string): Promise<ClusterPicture> {
  const workflowId = workflowIdOf(cluster);
  const snapshot = await takeSnapshot(stack.client, workflowId, 'reindexconversations', 10_000);
  const asOf = Date.now();
  const rate = rateSinceStart(snapshot.progress, asOf);
  return { cluster, workflowId, ...snapshot, asOf, ...(rate === undefined ? {} : { rate }) };
}

async function draw(): Promise<void> {
  const pictures = await Promise.all(options.clusters.map(pictureOf));
  const state = { ...initialWatchState, selected: options.clusters.indexOf(SHOWN) };
  const { lines } = watchFrame(pictures, state, Date.now(), SIZE);
  await mkdir(new URL('.', file), { recursive: true });
  await writeFile(file, terminalSvg(lines, SIZE.columns, `backfill watch: ${SHOWN}`));
}

/** Runs the backfill until the picture is drawn; what is left of it ends with its servers. */
async function picture(): Promise<void> {
  await stack.start(options, signal);
  const runs = new Runs(stack.client, stack.temporal.address);
  for (const cluster of options.clusters)
    await runs.start(cluster, workflowIdOf(cluster), requestFor(cluster, options));
  const due = new AbortController();
  const follow = runs.follow(
    (views) => {
      const { done = 0, days = 0 } = views.find(({ name }) => name === SHOWN)?.progress?.totals ?? {};
      if (done > 0 && done >= days * SHARE) due.abort();
    },
    AbortSignal.any([signal, due.signal]),
  );
  await follow.catch((error: unknown) => {
    if (!due.signal.aborted) throw error;
  });
  await draw();
}

try {
  await Promise.race([picture(), stack.died, aborted(signal)]);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
await stack.stop();
process.exit();
