/**
 * `npm run bench`: what the backfill costs, against what the server allows. docs/performance.md says how each line is
 * measured. Exits with 1 when a goal is missed, with 2 on a wrong option.
 */
import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { stopAll } from './dev/processes.js';
import { type Against, measureAgainst } from './lab/bench/against.js';
import { measureQueries } from './lab/bench/queries.js';
import { type Row, reached, table } from './lab/bench/result.js';
import { measureScale } from './lab/bench/scale.js';
import { type Stack, startStack } from './lab/bench/stack.js';
import { measureWorker } from './lab/bench/worker-costs.js';

const SECTIONS = ['throughput', 'cost', 'events', 'gap', 'queries', 'worker', 'scale'] as const;
const AGAINST: readonly Against[] = ['throughput', 'cost', 'events', 'gap'];
type Section = (typeof SECTIONS)[number];

const { quick, json, sections, manyShards } = options();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void stopAll().finally(() => process.exit(130)));
}

try {
  const stack = await startStack({ manyShards });
  const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, Node ${process.version}`;
  const server = `Temporal server ${stack.serverVersion}${manyShards ? ', as if it had many shards' : ''}`;
  console.log(`${machine}, ${server}\n${load()} before`);
  const from = performance.now();
  const rows = await measure(stack);
  console.log(table(rows));
  console.log(`\n${load()} after ${((performance.now() - from) / 1_000).toFixed(0)} s`);
  if (json !== undefined) await writeFile(json, `${JSON.stringify({ machine, server, quick, rows }, undefined, 2)}\n`);
  if (!rows.every(reached)) process.exitCode = 1;
} finally {
  await stopAll();
}
// Requests that still wait would keep this process alive.
process.exit();

async function measure(stack: Stack): Promise<Row[]> {
  const against = AGAINST.filter((section) => sections.includes(section));
  return [
    ...(against.length > 0 ? await measureAgainst(stack, against, quick, say) : []),
    ...(sections.includes('queries') ? await measureQueries(stack, quick) : []),
    ...(sections.includes('worker') ? await measureWorker(stack, quick) : []),
    ...(sections.includes('scale') ? await measureScale(stack, quick, say) : []),
  ];
}

function say(line: string): void {
  console.log(`  ${line}`);
}

/** A busy machine slows every side, and not all of them alike. */
function load(): string {
  return `load ${loadavg()[0]!.toFixed(1)}`;
}

function options() {
  try {
    const { values } = parseArgs({
      options: {
        /** Fewer windows and one round: to see that all of it works. */
        quick: { type: 'boolean', default: false },
        /** Only these sections, with commas. */
        only: { type: 'string', default: SECTIONS.join(',') },
        /** Also writes every value to this file. */
        json: { type: 'string' },
        /** On a server that loads a shard's tasks as often as a cluster of many shards does. */
        'many-shards': { type: 'boolean', default: false },
      },
    });
    const sections = values.only.split(',').map((name): Section => {
      const section = SECTIONS.find((known) => known === name.trim());
      if (!section) throw new Error(`--only: expected any of ${SECTIONS.join(', ')}, got "${name}"`);
      return section;
    });
    return { quick: values.quick, json: values.json, sections, manyShards: values['many-shards'] };
  } catch (error) {
    console.error(
      `${(error as Error).message}\nusage: npm run bench -- [--quick] [--only throughput,gap] [--json FILE] [--many-shards]`,
    );
    process.exit(2);
  }
}
