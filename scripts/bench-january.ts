/**
 * `npm run bench:january`: the month of January 2026 by five procedures, on a real Temporal server and a real
 * PostgreSQL, at a scale at which contention and heartbeat time-outs really happen. january/README.md says what
 * the table means and what it can't show. Exits with 1 when a goal is missed.
 */
import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { stopAll } from './dev/processes.js';
import { SCORING_MS, scenario } from './lab/bench/january/fleet.js';
import { measure, quiet, type Result } from './lab/bench/january/measure.js';
import { PROCEDURES } from './lab/bench/january/procedures.js';
import { Stack } from './lab/bench/january/stack.js';
import { goals, table } from './lab/bench/january/table.js';

const DEFAULT_SCALE = '1/170';
const DEFAULT_SECONDS = '200';
const QUIET_MS = 15_000;

const { values } = parseArgs({
  options: {
    /** The share of the recorded volume. */
    scale: { type: 'string', default: DEFAULT_SCALE },
    /** Milliseconds that a window waits for each conversation to be scored elsewhere. */
    scoring: { type: 'string', default: String(SCORING_MS) },
    /** The longest that a procedure may take. */
    seconds: { type: 'string', default: DEFAULT_SECONDS },
    /** Only procedures whose name has one of these texts. */
    only: { type: 'string', default: '' },
    /** With whales whose windows contend, with whales whose windows don't (`apart`), or first one and then the other. */
    whales: { type: 'string', default: 'contend,apart' },
    /** Threads that do nothing but keep a core busy, from before the quiet value to the end. */
    busy: { type: 'string', default: '0' },
  },
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void stopAll().finally(() => process.exit(130)));
}

try {
  const [part, whole = '1'] = values.scale.split('/');
  const stack = await Stack.start(scenario(Number(part) / Number(whole), Number(values.scoring)));
  const { customers } = stack.scenario;
  const conversations = customers.reduce((sum, customer) => sum + customer.conversations, 0);
  console.log(
    `${customers.length} customers, ${conversations} conversations (scale ${values.scale}), scored in ${values.scoring} ms each, ${machine()}`,
  );
  const busy = Number(values.busy);
  for (let i = 0; i < busy; i++) new Worker('for (;;);', { eval: true });
  if (busy > 0) console.log(`beside ${busy} threads that keep a core busy each`);
  const quietMs = await quiet(stack, QUIET_MS);
  console.log(`live p99 ${quietMs.toFixed(1)} ms before anything else`);
  const results: Result[] = [];
  const only = values.only.split(',');
  const procedures = PROCEDURES.filter(({ name }) => only.some((text) => name.includes(text)));
  const kinds = (['contend', 'apart'] as const).filter((kind) => values.whales.split(',').includes(kind));
  for (const whales of kinds) {
    if (whales === 'apart') await stack.separateDays();
    for (const procedure of procedures) {
      console.log(`\n${procedure.name}, whales ${whales}`);
      const say = (line: string) => console.log(`  ${line}`);
      const result = await measure(stack, procedure, whales, Number(values.seconds) * 1_000, quietMs, say);
      console.log(`  ${(result.ms / 1_000).toFixed(1)} s, ${machine()}`);
      results.push(result);
    }
  }
  console.log(`\n${table(results, quietMs)}\n`);
  const reached = kinds.flatMap((whales) => goals(results, quietMs, whales, busy > 0));
  for (const goal of reached) console.log(`${goal.reached ? 'reached' : 'MISSED '}  ${goal.text}`);
  if (reached.some((goal) => !goal.reached)) process.exitCode = 1;
} finally {
  await stopAll();
}
// Requests that still wait would keep this process alive.
process.exit();

/** A busy machine slows every procedure, and not all of them alike. */
function machine(): string {
  return `${availableParallelism()} cores, load ${loadavg()[0]!.toFixed(1)}`;
}
