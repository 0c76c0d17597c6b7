import { Command, CommanderError, Option } from 'commander';
import { EXIT, type ExitCode } from '../operations/exit-codes.js';
import { problemFrom } from '../operations/problem.js';
import { addAdd } from './commands/add.js';
import type { Action, AddCommand } from './commands/add-command.js';
import { addAudit } from './commands/audit.js';
import { addCancel } from './commands/cancel.js';
import { addCompletion } from './commands/completion.js';
import { CommandContext, type GlobalOptions, type Surroundings } from './commands/context.js';
import { addCustomers } from './commands/customers.js';
import { addResetDay, addSkipDay } from './commands/days.js';
import { addDoctor } from './commands/doctor.js';
import { addExport } from './commands/export.js';
import { addFinish } from './commands/finish.js';
import { addImport } from './commands/import.js';
import { addLog } from './commands/log.js';
import { addPause, addResume, addRetryFailed } from './commands/pause-resume.js';
import { addPlan } from './commands/plan.js';
import { addRemove } from './commands/remove.js';
import { addReplayGate } from './commands/replay-gate.js';
import { addReport } from './commands/report.js';
import { addSchedule } from './commands/schedule.js';
import { addServe } from './commands/serve.js';
import { addSetParallelism } from './commands/set-parallelism.js';
import { addStart } from './commands/start.js';
import { addStatus } from './commands/status.js';
import { addTrace } from './commands/trace.js';
import { addVerifyReport } from './commands/verify-report.js';
import { addWatch } from './commands/watch.js';

/** In the order of the help. */
const commands: readonly AddCommand[] = [
  addPlan,
  addStart,
  addStatus,
  addWatch,
  addServe,
  addPause,
  addResume,
  addResetDay,
  addSkipDay,
  addRetryFailed,
  addSetParallelism,
  addAdd,
  addRemove,
  addCancel,
  addFinish,
  addLog,
  addCustomers,
  addReport,
  addVerifyReport,
  addAudit,
  addTrace,
  addImport,
  addExport,
  addSchedule,
  addDoctor,
  addReplayGate,
  addCompletion,
];

/**
 * Parses a command line and runs its command.
 *
 * @param args without node and the program's own name
 * @returns the exit code; nothing is thrown, every error has been printed to stderr by then
 */
export async function runCommandLine(args: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const { stdout, stderr, signal } = surroundings;
  let exitCode: ExitCode = EXIT.done;
  const action: Action =
    (handler) =>
    async (...received) => {
      const command = received.pop() as Command;
      const options = received.pop();
      const context = new CommandContext(nameOf(command), surroundings, program.opts<GlobalOptions>());
      exitCode = await handler(context, received as never, options as never);
    };
  const program = createProgram(action, {
    writeOut: (text) => stdout.write(text),
    writeErr: (text) => stderr.write(text),
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (signal.aborted) return EXIT.interrupted;
    const problem = problemFrom(error);
    for (const line of problem.message.split('\n')) stderr.write(`error: ${line}\n`);
    return problem.exitCode;
  }
}

/** As typed, without the program's own name: `pause`, `schedule create`. */
const nameOf = (command: Command): string =>
  command.parent?.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();

/** The program with all of its commands. */
export function createProgram(
  action: Action,
  output: { writeOut(text: string): void; writeErr(text: string): void },
): Command {
  const program = new Command('backfill')
    .description('Start, watch and control backfills: one Temporal workflow for each cluster of the fleet.')
    .option('--fleet <file>', 'the fleet file (default: fleet.yaml, or without one the cluster of TEMPORAL_ADDRESS)')
    .addOption(new Option('--output <format>', 'output format').choices(['table', 'json']).default('table'))
    .option('--yes', 'do not ask for confirmation')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .configureHelp({ showGlobalOptions: true, subcommandTerm: (command) => command.name() })
    // Commander puts its suggestions on a separate line.
    .configureOutput({ ...output, outputError: (text, write) => write(text.replace(/\n(?=\()/g, ' ')) })
    .exitOverride()
    .addHelpText('after', HELP);
  for (const add of commands) add(program, action);
  return program;
}

const HELP = `
Exit codes: 0 done, 1 any other error, 2 bad usage or fleet file, 3 a run is not
finished, 4 failed or held days are left, 5 a cluster or its worker does not
answer, 6 refused by the run, 7 no such run, 130 interrupted.`;
