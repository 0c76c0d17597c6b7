import type { Line } from '../terminal/line.js';
import type { Outcome } from './clusters.js';
import type { CommandContext } from './context.js';
import { EXIT, type ExitCode, worstOf } from './exit-codes.js';

/** How a command shows what came of a cluster. */
export interface Showing<T> {
  /** For people: of all clusters that answered, since a table may have a row for each. */
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
export function answer<T>(context: CommandContext, outcomes: readonly Outcome<T>[], showing: Showing<T>): ExitCode {
  const codes = outcomes.map((outcome): ExitCode => {
    return 'problem' in outcome ? outcome.problem.exitCode : (showing.exitCode?.(outcome.value) ?? EXIT.done);
  });
  const exitCode = worstOf(codes);
  context.print(showing.lines(outcomes.flatMap((outcome) => ('value' in outcome ? [outcome.value] : []))));
  context.printJson({
    command: context.command,
    exitCode,
    clusters: outcomes.map((outcome) => {
      const cluster = outcome.cluster.name;
      if ('value' in outcome) return { cluster, ...showing.fields(outcome.value) };
      return { cluster, problem: { exitCode: outcome.problem.exitCode, message: outcome.problem.message } };
    }),
  });
  for (const outcome of outcomes) {
    if ('problem' in outcome) context.say(withName(outcome.cluster.name, outcome.problem.message));
  }
  return exitCode;
}

/** Some messages name the cluster themselves. */
export const withName = (name: string, message: string) => (message.startsWith(name) ? message : `${name}: ${message}`);
