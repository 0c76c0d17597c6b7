import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { type Fleet, fleetFromEnvironment, loadFleet } from '../../fleet/index.js';
import { badUsage } from '../../operations/problem.js';
import { type Line, render } from '../../presentation/lines/line.js';
import { type Output, wantsColour } from '../terminal/output.js';

/** The process as a command sees it; tests pass their own. */
export interface Surroundings {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly environment: NodeJS.ProcessEnv;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Options that every command has. */
export interface GlobalOptions {
  readonly fleet?: string;
  readonly output: 'table' | 'json';
  readonly yes?: boolean;
}

const DEFAULT_FLEET_FILE = 'fleet.yaml';
const COLUMNS_IN_A_PIPE = 80;

/** What a command works with: the fleet, and ways to write for people and for scripts. */
export class CommandContext {
  private loaded: Promise<Fleet> | undefined;

  constructor(
    /** As typed: `pause`. */
    readonly command: string,
    readonly surroundings: Surroundings,
    readonly options: GlobalOptions,
  ) {}

  get environment(): NodeJS.ProcessEnv {
    return this.surroundings.environment;
  }

  get signal(): AbortSignal {
    return this.surroundings.signal;
  }

  /** The terminal's width, or 80 in a pipe. */
  get columns(): number {
    return this.surroundings.stdout.columns ?? COLUMNS_IN_A_PIPE;
  }

  /** `--fleet`, else `fleet.yaml` in this folder if there is one, else the one cluster of `TEMPORAL_ADDRESS`. */
  fleet(): Promise<Fleet> {
    this.loaded ??= this.loadFleet();
    return this.loaded;
  }

  private async loadFleet(): Promise<Fleet> {
    const { fleet } = this.options;
    if (fleet !== undefined) return loadFleet(fleet, this.environment);
    if (existsSync(DEFAULT_FLEET_FILE)) return loadFleet(DEFAULT_FLEET_FILE, this.environment);
    return fleetFromEnvironment(this.environment);
  }

  /** A message to people, on stderr. Everything but the answer itself goes there. */
  say(text: string): void {
    this.surroundings.stderr.write(`${text}\n`);
  }

  /** The answer for people, on stdout; nothing with `--output json`. */
  print(lines: readonly Line[]): void {
    if (this.options.output === 'json') return;
    const { stdout } = this.surroundings;
    const colour = wantsColour(stdout, this.environment);
    for (const line of lines) stdout.write(`${render(line, { colour })}\n`);
  }

  /** The answer for scripts, on stdout, once; nothing without `--output json`. */
  printJson(document: object): void {
    if (this.options.output !== 'json') return;
    this.surroundings.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  }

  /**
   * Returns if `--yes` was given or a person at the terminal confirms.
   *
   * @param what is about to happen, as the end of a sentence: `finish backfillscorecards-…`
   * @throws CommandProblem (exit code 2) if the answer is no, or there is no terminal to ask on
   */
  async confirm(what: string): Promise<void> {
    if (this.options.yes) return;
    const { stdin, stderr } = this.surroundings;
    if (!stdin.isTTY || !stderr.isTTY) {
      throw badUsage(`about to ${what}: add --yes, since there is no terminal to ask on; nothing was sent`);
    }
    const questions = createInterface({ input: stdin, output: stderr as NodeJS.WriteStream });
    // In Node 20.19 and 22.12 the question stays pending when readline closes, at Ctrl-C or the end of the input.
    const closed = new AbortController();
    questions.once('close', () => closed.abort());
    try {
      const signal = AbortSignal.any([this.signal, closed.signal]);
      const question = questions.question(`About to ${what}. Continue? [y/N] `, { signal });
      const answer = await question.catch((error: unknown) => {
        // After Ctrl-C, which readline handles itself, the next message must start on a new line.
        if (!this.signal.aborted) stderr.write('\n');
        throw error;
      });
      if (!/^y(es)?$/i.test(answer.trim())) throw badUsage('not confirmed; nothing was sent');
    } finally {
      questions.close();
    }
  }
}
