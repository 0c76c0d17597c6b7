import { ApplicationFailure, condition, log, workflowInfo } from '@temporalio/workflow';
import { type Command, commandNamed, parseCommand } from '../backfill/commands/command.js';
import { type Performed, perform } from '../backfill/commands/perform.js';
import type { Event } from '../backfill/events/event.js';
import { evolve } from '../backfill/events/evolve.js';
import { jsonBytes } from '../backfill/json.js';
import { notified } from '../backfill/notifications/changes.js';
import { wellFormed } from '../backfill/request/issue.js';
import { usualDuration } from '../backfill/schedule/eta.js';
import type { TaskView } from '../backfill/schedule/hand-over.js';
import { countInFlight } from '../backfill/state/in-flight.js';
import { rejected } from '../backfill/state/journal.js';
import { sentenceOf } from '../backfill/state/sentence.js';
import type { State } from '../backfill/state/state.js';
import { WindowCounts } from './metrics.js';
import { WorkerVersion } from './worker-version.js';

/** An event without its time. */
export type Happening = Event extends infer E ? (E extends Event ? Omit<E, 'at'> : never) : never;

/** A command as it came, and waits. */
export interface WaitingCommand {
  name: string;
  argument: unknown;
}

/** What a command that waited does next: it is done, or the next run has it. */
type Turn = 'now' | 'carried';

/** Waiting commands are carried beside the state, which leaves them so much of the 2 MB that the server takes. */
const MAX_WAITING_BYTES = 256 * 1024;

const NO_ROOM =
  'the run is still preparing, and too many commands wait already: send it again once the run has prepared';

/**
 * The one mutable thing of a workflow run: the core's state, and whether anything has happened since the scheduler
 * last looked. `Date.now()` is Temporal's: the time of the current workflow task, the same on every replay.
 */
export class BackfillRun {
  private changed = false;
  private failure: { error: unknown } | undefined;
  /** Signals and Updates that this run has handled; the server allows it only so many. */
  messages = 0;
  /** The history's length when the latest Update was handled: it distinguishes a workflow task from those before and after. */
  updatedAtLength = 0;

  readonly version: WorkerVersion;
  readonly windows = new WindowCounts();
  private readonly waiting: (WaitingCommand & { go?: (turn: Turn) => void })[];
  private waitingBytes = 0;

  /**
   * @param before of the run before, which continued as new: the commands that waited, in the order in which they came,
   *   and the build that it was to leave
   */
  constructor(
    public state: State,
    { waiting = [], leftBuild }: { waiting?: WaitingCommand[]; leftBuild?: string } = {},
  ) {
    this.version = new WorkerVersion(leftBuild);
    this.waiting = [...waiting];
    this.waitingBytes = jsonBytes(waiting);
  }

  /**
   * Undefined if the command can be done, or refused, now. While the run is still preparing commands wait, so that their
   * order stays: which days are done and which windows run is not known yet, so a day that is reset would count as done
   * after all, and windows that are found a moment later would not be asked to cancel.
   */
  turn(command: WaitingCommand): Promise<Turn> | undefined {
    if (!this.commandsWait) return undefined;
    // The scheduler counts messages, and nothing else may happen for long.
    this.wakeAfterAll();
    const bytes = jsonBytes(command);
    const isWrong = 'refused' in parseCommand(command.name, command.argument);
    if (isWrong || this.waitingBytes + bytes > MAX_WAITING_BYTES) return undefined;
    this.waitingBytes += bytes;
    return new Promise((go) => this.waiting.push({ ...command, go }));
  }

  /** Takes the commands that wait, for the next run. */
  takeWaiting(): WaitingCommand[] {
    return this.waiting.splice(0).map(({ name, argument, go }) => {
      go?.('carried');
      return { name, argument };
    });
  }

  /** What the rule of handing over asks of this task. */
  view(): TaskView {
    const { state } = this;
    const { continueAsNewSuggested, historyLength, startTime } = workflowInfo();
    const { maxHistoryEvents } = state.options;
    const { preparing, cancelling } = state.lifecycle;
    return {
      now: Date.now(),
      historyLength,
      continueAsNewSuggested,
      age: Date.now() - startTime.getTime(),
      newVersion: this.version.isNew,
      stayed: this.version.stayed,
      ...(maxHistoryEvents !== undefined && { maxHistoryEvents }),
      messages: this.messages,
      answersUpdate: this.updatedAtLength === historyLength,
      preparing: preparing !== undefined,
      cancelling: cancelling === true,
      inFlight: countInFlight(state),
      usualDuration: () => usualDuration(state),
    };
  }

  /** Makes the scheduler look again. */
  wake(): void {
    this.changed = true;
  }

  /** The same, for a message's handler: it runs while the task's other news has not been handled, which the look is to see as well. */
  private wakeAfterAll(): void {
    void Promise.resolve().then(() => this.wake());
  }

  /** Ends the run with an error that the scheduler will throw. */
  fail(error: unknown): void {
    this.failure = { error };
  }

  /**
   * Lets the scheduler look now, and whenever something has happened, until a look gives something.
   *
   * The look is made by the condition itself, which the SDK asks when all that a task brings has been handled. To wait for a promise
   * instead would cost each task several promises more, and the SDK an entry more into the workflow's sandbox.
   */
  async lookUntil<T>(look: () => T | undefined): Promise<T> {
    let given: T | undefined;
    this.changed = true;
    await condition(() => {
      if (!this.changed || this.failure) return this.failure !== undefined;
      given = look();
      // It has seen all that happened up to now.
      this.changed = false;
      return given !== undefined;
    });
    if (this.failure) throw this.failure.error;
    return given!;
  }

  happened(event: Happening): void {
    this.windows.count(event);
    this.moveTo(evolve(this.state, { ...event, at: Date.now() } as Event));
    this.wake();
  }

  /** Does a command that came as an Update, or throws the sentence that says why not. Shared by validator and handler. */
  check(name: string, argument: unknown): Exclude<Performed, { refused: string }> {
    return orRefuse(this.attempt(name, argument));
  }

  /** Throws the sentence that says what is wrong with a command in any state of the run. */
  checkForm(name: string, argument: unknown): void {
    orRefuse(parseCommand(name, argument));
  }

  accept(state: State): void {
    this.moveTo(state);
    this.wakeAfterAll();
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
    this.wakeAfterAll();
  }

  private get commandsWait(): boolean {
    const { preparing, ended } = this.state.lifecycle;
    return preparing !== undefined && !ended;
  }

  private attempt(name: string, argument: unknown): Performed {
    const command: Command | { refused: string } = parseCommand(name, argument);
    if ('refused' in command) return command;
    return this.commandsWait ? { refused: NO_ROOM } : perform(this.state, command, Date.now());
  }

  private moveTo(state: State): void {
    const latest = state.record.log.at(-1);
    if (latest && latest !== this.state.record.log.at(-1)) {
      log.info(sentenceOf(latest), { kind: latest.kind, by: latest.by, cluster: state.options.cluster });
    }
    this.state = notified(this.state, state, Date.now());
    if (this.commandsWait) return;
    for (const { name, argument, go } of this.waiting.splice(0)) {
      if (go) go('now');
      else this.signalled(name, argument);
    }
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
