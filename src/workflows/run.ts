import { ApplicationFailure, condition, log } from '@temporalio/workflow';
import { type Command, commandNamed, parseCommand } from '../backfill/command.js';
import { type Event, evolve } from '../backfill/evolve.js';
import { wellFormed } from '../backfill/issue.js';
import { rejected } from '../backfill/journal.js';
import { type Performed, perform } from '../backfill/perform.js';
import type { State } from '../backfill/state.js';
import { countWindow } from './metrics.js';

/** An event without its time. */
type Happening = Event extends infer E ? (E extends Event ? Omit<E, 'at'> : never) : never;

/**
 * The one mutable thing of a workflow run: the core's state, and whether anything has happened since the scheduler
 * last looked. `Date.now()` is Temporal's: the time of the current workflow task, the same on every replay.
 */
export class BackfillRun {
  private changed = false;
  private failure: { error: unknown } | undefined;
  /** Signals and Updates that this run has handled; the server allows it only so many. */
  messages = 0;
  /** The history's length when the latest Update was handled: it tells a workflow task from those before and after. */
  updatedAtLength = 0;

  /** Commands that wait for their turn, in the order in which they came. */
  private readonly waiting: (() => void)[] = [];

  constructor(public state: State) {}

  /**
   * Undefined if commands can be done now. While the run is still preparing they wait, all of them, so that their order
   * stays: which days are done and which windows run is not known yet, so a day that is reset would count as done
   * after all, and windows that are found a moment later would not be asked to cancel.
   */
  turn(): Promise<void> | undefined {
    if (this.state.preparing === undefined || this.state.ended) return undefined;
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Makes the scheduler look again. */
  wake(): void {
    this.changed = true;
  }

  /** Ends the run with an error that the scheduler will throw. */
  fail(error: unknown): void {
    this.failure = { error };
  }

  async somethingHappened(): Promise<void> {
    // Whatever happened up to now, the scheduler has seen: nothing happens between its look and this line.
    this.changed = false;
    await condition(() => this.changed || this.failure !== undefined);
    if (this.failure) throw this.failure.error;
  }

  happened(event: Happening): void {
    countWindow(event, this.state.options.cluster);
    this.moveTo(evolve(this.state, { ...event, at: Date.now() } as Event));
  }

  /** Does a command that came as an Update, or throws the sentence that says why not. Shared by validator and handler. */
  check(name: string, argument: unknown): Exclude<Performed, { refused: string }> {
    return orRefuse(this.attempt(name, argument));
  }

  /** Throws the sentence that says what is wrong with a command whatever the state of the run. */
  checkForm(name: string, argument: unknown): void {
    orRefuse(parseCommand(name, argument));
  }

  accept(state: State): void {
    this.moveTo(state);
  }

  /** Does a command that came as a signal: one that can't be done changes nothing and shows under `rejected`. */
  signalled(name: string, argument: unknown): void {
    const performed = this.attempt(name, argument);
    if ('refused' in performed) {
      const reason = performed.refused;
      log.warn('command rejected', { command: name, reason, cluster: this.state.options.cluster });
      const rejection = { at: Date.now(), command: commandNamed(name) ?? name, reason, ...byOf(argument) };
      this.moveTo(rejected(this.state, rejection));
    } else {
      this.moveTo(performed.state);
    }
  }

  private attempt(name: string, argument: unknown): Performed {
    const command: Command | { refused: string } = parseCommand(name, argument);
    return 'refused' in command ? command : perform(this.state, command, Date.now());
  }

  private moveTo(state: State): void {
    const latest = state.log.at(-1);
    if (latest && latest !== this.state.log.at(-1)) {
      log.info(latest.effect, { what: latest.what, by: latest.by, cluster: state.options.cluster });
    }
    this.state = state;
    this.changed = true;
    if (state.preparing === undefined || state.ended) for (const go of this.waiting.splice(0)) go();
  }
}

function orRefuse<T extends object>(result: T | { refused: string }): T {
  if ('refused' in result) throw ApplicationFailure.nonRetryable(wellFormed(result.refused), 'CommandRefused');
  return result;
}

function byOf(argument: unknown): { by?: string } {
  const by = typeof argument === 'object' && argument !== null ? (argument as { by?: unknown }).by : undefined;
  return typeof by === 'string' ? { by: by.slice(0, 200) } : {};
}
