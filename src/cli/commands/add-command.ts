import type { Command } from 'commander';
import type { ExitCode } from '../../operations/exit-codes.js';
import type { CommandContext } from './context.js';

/**
 * What a command does when it is called.
 *
 * @param words the arguments as commander passes them: a text for each, a list for a variadic one
 * @param options the command's own options; the options that all commands have are in the context
 */
export type Handler<Words extends unknown[], Options> = (
  context: CommandContext,
  words: Words,
  options: Options,
) => Promise<ExitCode>;

/** Turns a handler into the function that commander calls. */
export type Action = <Words extends unknown[] = string[][], Options = object>(
  handler: Handler<Words, Options>,
) => (...args: unknown[]) => Promise<void>;

/**
 * Adds a command to the program.
 *
 * To add one: a file in `commands/` that exports an `AddCommand`, an entry in the list in `command-line.ts`, its section in
 * docs/cli.md, and its examples in `withExamples`. In the handler, `selectClusters` resolves the clusters
 * that were named; `answerOfEach` asks them side by side and ends the command, in the requested format, with the right exit
 * code. Where there are several steps, `withSessions` opens the clusters, `onEach` takes each a step further and keeps one
 * cluster's problem from the others, and `answer` ends it. A command that sends an Update to runs is `sendToRuns` and nothing
 * else: see `pause-resume.ts`. Failures are thrown as a `CommandProblem`.
 */
export type AddCommand = (program: Command, action: Action) => void;

/** Ends the command's help with these examples. */
export const withExamples = (command: Command, ...examples: readonly string[]): Command =>
  command.addHelpText('after', ['\nExamples:', ...examples].join('\n  '));
