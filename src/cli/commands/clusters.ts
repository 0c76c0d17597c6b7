import { type Cluster, type ClusterSession, openCluster } from '../../fleet/index.js';
import { nearest } from '../../fleet/nearest.js';
import type { CommandContext } from './context.js';
import { badUsage, type CommandProblem, problemFrom } from './problem.js';

/** What came of one cluster: a value, or why there is none. One cluster's problem never hides the others' values. */
export type Outcome<T> = { readonly cluster: Cluster } & ({ readonly value: T } | { readonly problem: CommandProblem });

/** How clusters are meant that are not named. */
export interface Selection {
  /** `--all`. */
  readonly all?: boolean | undefined;
  /** A command that changes something wants either names or `--all`, unless there is just one cluster. */
  readonly changes?: boolean;
  /** `--run`: of one cluster, for nothing else says whose it is. */
  readonly run?: string;
}

/**
 * The clusters that were meant: those named, in the fleet's order, or all.
 *
 * @throws CommandProblem (exit code 2)
 */
export async function selectClusters(
  context: CommandContext,
  names: readonly string[],
  { all = false, changes = false, run }: Selection = {},
): Promise<Cluster[]> {
  const { clusters, path = 'the environment' } = await context.fleet();
  const known = clusters.map(({ name }) => name);
  for (const name of names) {
    if (known.includes(name)) continue;
    const meant = nearest(name, known);
    const hint = meant ? `did you mean ${meant}?` : `${path} has ${known.join(', ')}`;
    throw badUsage(`there is no cluster ${JSON.stringify(name)}; ${hint}`);
  }
  if (names.length > 0 && all) throw badUsage('either name clusters or say --all, not both');
  if (names.length === 0 && changes && !all && clusters.length > 1) {
    throw badUsage(`which cluster? Name some of ${known.join(', ')}, or say --all`);
  }
  const selected = names.length > 0 ? clusters.filter(({ name }) => names.includes(name)) : clusters;
  if (run !== undefined && selected.length > 1) throw badUsage('--run names one run: name its one cluster, too');
  return selected;
}

/** Where the first step of {@link onEach} begins. */
export const outcomesFor = (clusters: readonly Cluster[]): Outcome<Cluster>[] =>
  clusters.map((cluster) => ({ cluster, value: cluster }));

/** Opens the clusters side by side, does the work, and closes them whatever happens. */
export async function withSessions<T>(
  context: CommandContext,
  clusters: readonly Cluster[],
  work: (sessions: Outcome<ClusterSession>[]) => Promise<T>,
): Promise<T> {
  const { environment, signal } = context;
  const sessions = await onEach(outcomesFor(clusters), (cluster) =>
    openCluster(cluster, { environment, signal, say: (line) => context.say(line) }),
  );
  try {
    return await work(sessions);
  } finally {
    await Promise.allSettled(sessions.map((session) => ('value' in session ? session.value.close() : undefined)));
  }
}

/** The next step on every cluster that came so far, side by side. What is thrown becomes that cluster's problem. */
export function onEach<T, U>(
  outcomes: readonly Outcome<T>[],
  step: (value: T) => Promise<U> | U,
): Promise<Outcome<U>[]> {
  return Promise.all(
    outcomes.map(async (outcome): Promise<Outcome<U>> => {
      if ('problem' in outcome) return outcome;
      const { cluster } = outcome;
      try {
        return { cluster, value: await step(outcome.value) };
      } catch (error) {
        return { cluster, problem: problemFrom(error) };
      }
    }),
  );
}

/** The value, or its problem thrown: for a step inside {@link onEach} that needs what came of an earlier one. */
export function valueIn<T>(outcome: Outcome<T>): T {
  if ('problem' in outcome) throw outcome.problem;
  return outcome.value;
}

/** The values alone. */
export const valuesOf = <T>(outcomes: readonly Outcome<T>[]): T[] =>
  outcomes.flatMap((outcome) => ('value' in outcome ? [outcome.value] : []));
