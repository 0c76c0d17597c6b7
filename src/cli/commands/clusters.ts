import type { Command } from 'commander';
import { nearest } from '../../backfill/nearest.js';
import { type Cluster, type ClusterSession, openCluster } from '../../fleet/index.js';
import { badUsage, type CommandProblem, problemFrom } from '../../operations/problem.js';
import type { CommandContext } from './context.js';

/** The result of one cluster: a value, or why there is none. One cluster's problem never hides the others' values. */
export type Outcome<T> = { readonly cluster: Cluster } & ({ readonly value: T } | { readonly problem: CommandProblem });

/** Which clusters are selected when none is named. */
export interface Selection {
  /** `--all`. */
  readonly all?: boolean | undefined;
  /** A command that changes something needs names or `--all`, unless there is only one cluster. */
  readonly changes?: boolean;
  /** `--run`: it needs exactly one cluster, since the id does not say whose it is. */
  readonly run?: string;
}

/** Adds the argument that {@link selectClusters} reads. */
export const withClusters = (command: Command, { changes = false } = {}): Command =>
  command.argument(
    '[clusters...]',
    `of the fleet file; ${changes ? 'required if it has more than one' : 'default: all'}`,
  );

/**
 * The clusters that were named, in the fleet's order, or all.
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
    const suggestion = nearest(name, known);
    const hint = suggestion ? `did you mean ${suggestion}?` : `${path} has ${known.join(', ')}`;
    throw badUsage(`there is no cluster ${JSON.stringify(name)}; ${hint}`);
  }
  if (names.length > 0 && all) throw badUsage('either name clusters or use --all, not both');
  if (names.length === 0 && changes && !all && clusters.length > 1) {
    throw badUsage(`which cluster? Name some of ${known.join(', ')}, or use --all`);
  }
  const selected = names.length > 0 ? clusters.filter(({ name }) => names.includes(name)) : clusters;
  if (run !== undefined && selected.length > 1) throw badUsage('--run is for one run: also name its cluster');
  return selected;
}

/** What the first {@link onEach} starts from. */
export const outcomesFor = (clusters: readonly Cluster[]): Outcome<Cluster>[] =>
  clusters.map((cluster) => ({ cluster, value: cluster }));

/** Opens the clusters side by side, does the work, and always closes them. */
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

/** Takes the next step on every cluster without a problem, side by side. What is thrown becomes that cluster's problem. */
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

/** The value, or its problem thrown: for a step inside {@link onEach} that needs an earlier result. */
export function valueIn<T>(outcome: Outcome<T>): T {
  if ('problem' in outcome) throw outcome.problem;
  return outcome.value;
}

/** The values alone. */
export const valuesOf = <T>(outcomes: readonly Outcome<T>[]): T[] =>
  outcomes.flatMap((outcome) => ('value' in outcome ? [outcome.value] : []));
