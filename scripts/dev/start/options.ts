import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { MAX_PARALLELISM } from '../../../src/backfill/request/values.js';
import { defaultScale, fleet } from '../../../src/reference-ingestion/fleet.js';

export interface StartOptions {
  /** At least one, each once, in the fleet's order. */
  readonly clusters: readonly string[];
  /** The share of the recorded volume. */
  readonly scale: number;
  /** The most windows in flight at once in each cluster. */
  readonly parallelism: number;
  readonly keepOpen: boolean;
  /** Pages over the runs, from their start on. */
  readonly serve: boolean;
}

/** The most that a cluster's limit grows to, on one small database that all clusters share here. */
const DEFAULT_PARALLELISM = 8;

/**
 * Reads the command line.
 *
 * @returns the options, or the exit code when there is nothing to run: 0 after `--help`, 2 after a mistake, which has
 *   been named in one line by then
 */
export function parseOptions(
  args: readonly string[],
  write: { out(text: string): void; error(text: string): void },
): StartOptions | { exitCode: number } {
  const command = new Command('npm start --')
    .description('The January 2026 backfill from end to end: servers, fleet, workers, one run per cluster, a report.')
    .option('--cluster <name>', 'only this cluster (may be repeated)', collectCluster, [] as string[])
    .option('--scale <share>', 'how much of the recorded volume: 1/1000, 0.01', parseScale, defaultScale)
    .option(
      '--parallelism <n>',
      'most windows in flight at once in each cluster',
      parseParallelism,
      DEFAULT_PARALLELISM,
    )
    .option('--keep-open', 'keep everything up after the report, until Ctrl-C', false)
    .option('--serve', 'serve pages over the runs, and keep everything up after the report', false)
    .allowExcessArguments(false)
    .configureHelp({
      // A third that is written 0.001 is easier to read than the number's own text.
      optionDescription: ({ description, defaultValue }) =>
        typeof defaultValue === 'number' ? `${description} (default: ${formatScale(defaultValue)})` : description,
    })
    .configureOutput({ writeOut: write.out, writeErr: write.error })
    .addHelpText('after', HELP)
    .exitOverride();
  try {
    command.parse([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return { exitCode: error.exitCode === 0 ? 0 : 2 };
    throw error;
  }
  const { cluster, ...options } = command.opts<{
    cluster: string[];
    scale: number;
    parallelism: number;
    keepOpen: boolean;
    serve: boolean;
  }>();
  const clusters = cluster.length === 0 ? clusterNames() : clusterNames().filter((name) => cluster.includes(name));
  return { clusters, ...options };
}

/** The clusters of the recorded fleet. */
export const clusterNames = (): string[] => [...new Set(fleet().map(({ cluster }) => cluster))];

/** `1/1000` for shares that are a whole part, else the number. */
export function formatScale(scale: number): string {
  const parts = Math.round(1 / scale);
  return scale < 1 && Math.abs(1 / parts - scale) < 1e-12 ? `1/${parts}` : String(scale);
}

function collectCluster(name: string, earlier: string[]): string[] {
  const known = clusterNames();
  if (!known.includes(name)) throw new InvalidArgumentError(`Known clusters: ${known.join(', ')}.`);
  return [...earlier, name];
}

function parseScale(text: string): number {
  const match = /^(\d+(?:\.\d+)?|\.\d+)(?:\/(\d+(?:\.\d+)?))?$/.exec(text.trim());
  const scale = match ? Number(match[1]) / Number(match[2] ?? 1) : Number.NaN;
  if (scale > 0 && scale <= 1) return scale;
  throw new InvalidArgumentError('Expected a share above 0 and at most 1, such as 1/1000 or 0.001.');
}

function parseParallelism(text: string): number {
  const amount = /^\d+$/.test(text) ? Number(text) : 0;
  if (amount >= 1 && amount <= MAX_PARALLELISM) return amount;
  throw new InvalidArgumentError(`Expected a whole number from 1 to ${MAX_PARALLELISM}.`);
}

const HELP = `
Servers that run already are used, and left running, if TEMPORAL_ADDRESS or DATABASE_URL name them.
Exit code: 0 when nothing is missing, 1 when something is or went wrong, 2 for a wrong option, 130 after Ctrl-C.`;
