import { badUsage } from '../../operations/problem.js';
import type { CommandContext } from './context.js';

/**
 * Separates the cluster from what follows it in `[cluster] <customer> …`: it is the first word, and can be left out if the
 * fleet has only one.
 *
 * @param names what must follow, for the message: `['customer', 'day']`; the last may repeat if it ends in `...`
 * @throws CommandProblem (exit code 2) if there are too few or too many words, or no cluster is named where there are several
 */
export async function clusterAndWords(
  context: CommandContext,
  words: readonly string[],
  names: readonly string[],
): Promise<{ clusters: string[]; words: string[] }> {
  const known = (await context.fleet()).clusters.map(({ name }) => name);
  const named = words[0] !== undefined && known.includes(words[0]);
  const rest = named ? words.slice(1) : [...words];
  const repeats = names.at(-1)?.endsWith('...') ?? false;
  if (rest.length < names.length || (rest.length > names.length && !repeats)) {
    const usage = names.map((name) => `<${name}>`).join(' ');
    throw badUsage(
      known.length > 1 && !named
        ? `expected a cluster (${known.join(', ')}), then ${usage}; got ${words.join(' ') || 'nothing'}`
        : `expected ${usage}${named ? ` after the cluster ${words[0]}` : ''}; got ${rest.join(' ') || 'nothing'}`,
    );
  }
  if (!named && known.length > 1) {
    throw badUsage(`which cluster? Name one of ${known.join(', ')} before ${rest.join(' ')}`);
  }
  return { clusters: named ? [words[0]!] : [], words: rest };
}
