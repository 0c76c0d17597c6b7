import type { Cluster, ClusterSession } from '../../fleet/index.js';
import { EXIT, type ExitCode, worstExitCode } from '../../operations/exit-codes.js';
import type { Line } from '../../presentation/lines/line.js';
import { type Outcome, onEach, valuesOf, withSessions } from './clusters.js';
import type { CommandContext } from './context.js';

/** How a command presents the values of its clusters. */
export interface Presentation<T> {
  /** For people: all clusters that answered at once, since a table may have a row for each. */
  lines(values: readonly T[]): Line[];
  /** For scripts: the fields beside `cluster` in the document. */
  fields(value: T): object;
  /** What the value means for the exit code. Default: done. */
  exitCode?(value: T): ExitCode;
}

/**
 * Ends a command: the answer on stdout, the problems of clusters on stderr.
 *
 * With `--output json` stdout has one document, `{command, exitCode, clusters: [{cluster, …fields} | {cluster, problem:
 * {exitCode, message}}]}`.
 *
 * @returns the exit code, the worst of all clusters'
 */
export function answer<T>(
  context: CommandContext,
  outcomes: readonly Outcome<T>[],
  presentation: Presentation<T>,
): ExitCode {
  const codes = outcomes.map((outcome): ExitCode => {
    return 'problem' in outcome ? outcome.problem.exitCode : (presentation.exitCode?.(outcome.value) ?? EXIT.done);
  });
  const exitCode = worstExitCode(codes);
  context.print(presentation.lines(valuesOf(outcomes)));
  context.printJson({
    command: context.command,
    exitCode,
    clusters: outcomes.map((outcome) => {
      const cluster = outcome.cluster.name;
      if ('value' in outcome) return { cluster, ...presentation.fields(outcome.value) };
      return { cluster, problem: { exitCode: outcome.problem.exitCode, message: outcome.problem.message } };
    }),
  });
  for (const outcome of outcomes) {
    if ('problem' in outcome) context.say(withName(outcome.cluster.name, outcome.problem.message));
  }
  return exitCode;
}

/** Ends a command that asks each of these clusters one thing. */
export const answerOfEach = <T>(
  context: CommandContext,
  clusters: readonly Cluster[],
  ask: (session: ClusterSession) => Promise<T>,
  presentation: Presentation<T>,
): Promise<ExitCode> =>
  withSessions(context, clusters, async (sessions) => answer(context, await onEach(sessions, ask), presentation));

/** Several clusters' lines, with an empty line between them. */
export const inBlocks = (blocks: readonly Line[][]): Line[] =>
  blocks.flatMap((block, i) => (i === 0 ? block : [[], ...block]));

/** Some messages already begin with the cluster's name. */
export const withName = (name: string, message: string) => (message.startsWith(name) ? message : `${name}: ${message}`);
