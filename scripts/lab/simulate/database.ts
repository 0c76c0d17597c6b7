import type { FailureClass } from '../../../src/backfill/failures/classify.js';
import type { Parameters } from './parameters.js';
import { between, exponential, type Random } from './random.js';

/** What one window asks of the database, and how far it has come. Times in seconds, work in conversations. */
interface ActiveWindow<Key> {
  key: Key;
  /** How many windows of its customer are active. */
  siblings: { customer: number; count: number };
  volume: number;
  startedAt: number;
  /** It works from then on. */
  worksAt: number;
  work: number;
  done: number;
  /** Fails once so much is done. */
  failsAt: number;
  failure: FailureClass;
  /** Deadlocks once it has met so many, on average. */
  luck: number;
  /** It has stopped to work, and fails then. */
  doomedAt: number;
}

export interface WindowEnd<Key> {
  key: Key;
  volume: number;
  /** Conversations worked through, whether kept or lost. */
  done: number;
  failure?: FailureClass;
}

export interface Measured {
  overStress: number;
  overOperators: number;
  mostActive: number;
  deadlocks: number;
  timeouts: number;
  /** How often operators cancelled everything. */
  interventions: number;
  windows: number;
  worked: number;
}

/** The database model of docs/simulator.md: windows share its capacity, wait for each other's locks, and time out. */
export class Database<Key> {
  readonly measured: Measured = {
    ...{ overStress: 0, overOperators: 0, mostActive: 0, deadlocks: 0, timeouts: 0 },
    ...{ interventions: 0, windows: 0, worked: 0 },
  };
  private readonly windows = new Set<ActiveWindow<Key>>();
  private readonly siblings = new Map<number, ActiveWindow<Key>['siblings']>();
  private overOperatorsSince: number | undefined;

  constructor(
    private readonly knee: number,
    private readonly parameters: Parameters,
    private readonly random: Random,
    public now = 0,
  ) {}

  get active(): number {
    return this.windows.size;
  }

  /** Sessions that wait for another session of the same customer. */
  get blocked(): number {
    return this.windows.size - this.siblings.size;
  }

  start(key: Key, customer: number, volume: number): void {
    const { unevenness, overhead, strayDeadlocks, strayFailures, largestWindow } = this.parameters;
    const work = volume * between(this.random, 1 - unevenness, 1 + unevenness);
    const stray = this.random();
    let failsAt = Number.POSITIVE_INFINITY;
    let failure: FailureClass = 'timeout';
    if (stray < strayDeadlocks + strayFailures) {
      failsAt = work * this.random();
      failure = stray < strayDeadlocks ? 'contention' : 'unknown';
    }
    if (volume > largestWindow && largestWindow < failsAt) {
      failsAt = largestWindow;
      failure = 'timeout';
    }
    const siblings = this.siblings.get(customer) ?? { customer, count: 0 };
    this.siblings.set(customer, siblings);
    siblings.count++;
    const window = { key, siblings, volume, startedAt: this.now, worksAt: this.now + overhead, work, done: 0 };
    const luck = exponential(this.random);
    this.windows.add({ ...window, failsAt, failure, luck, doomedAt: Number.POSITIVE_INFINITY });
    this.measured.windows++;
    this.watched();
  }

  /** When something will happen if nothing changes until then. */
  next(): number {
    let at = this.overOperatorsSince === undefined ? Number.POSITIVE_INFINITY : this.cancelsAt();
    const share = this.share();
    for (const window of this.windows) at = Math.min(at, this.nextOf(window, share));
    return at;
  }

  /** Lets time pass until `to`, not beyond {@link next}; the windows that end then. */
  advance(to: number): WindowEnd<Key>[] {
    const passed = to - this.now;
    if (this.active > this.parameters.stressAt * this.knee) this.measured.overStress += passed;
    if (this.active > this.parameters.operatorsAt * this.knee) this.measured.overOperators += passed;
    const share = this.share();
    for (const window of this.windows) {
      if (window.worksAt > this.now || window.doomedAt < Number.POSITIVE_INFINITY) continue;
      window.done += passed * this.speed(window, share);
      window.luck -= passed * this.risk(window);
    }
    this.now = to;
    const ended: WindowEnd<Key>[] = [];
    if (this.overOperatorsSince !== undefined && this.cancelsAt() <= to) {
      this.measured.interventions++;
      for (const window of [...this.windows]) ended.push(this.end(window, 'stopped'));
      return ended;
    }
    for (const window of this.windows) {
      const end = this.endOf(window);
      if (end !== undefined) ended.push(this.end(window, end === 'completed' ? undefined : end));
    }
    return ended;
  }

  private nextOf(window: ActiveWindow<Key>, share: number): number {
    if (window.doomedAt < Number.POSITIVE_INFINITY) return window.doomedAt;
    if (window.worksAt > this.now) return window.worksAt;
    const toDo = Math.min(window.work, window.failsAt) - window.done;
    const risk = this.risk(window);
    return Math.min(
      this.now + Math.max(0, toDo / this.speed(window, share)),
      risk > 0 ? this.now + Math.max(0, window.luck / risk) : Number.POSITIVE_INFINITY,
      window.startedAt + this.parameters.longestWindow,
    );
  }

  private endOf(window: ActiveWindow<Key>): FailureClass | 'completed' | undefined {
    const { longestWindow, heartbeatTimeout } = this.parameters;
    const tiny = 1e-6 * (1 + window.work);
    if (window.doomedAt <= this.now) return 'timeout';
    if (window.doomedAt < Number.POSITIVE_INFINITY) return undefined;
    if (window.luck <= 1e-9) return 'contention';
    if (window.done >= window.work - tiny && window.worksAt <= this.now) return 'completed';
    if (window.done >= window.failsAt - tiny && window.failure !== 'timeout') return window.failure;
    if (window.done >= window.failsAt - tiny || window.startedAt + longestWindow <= this.now) {
      window.doomedAt = this.now + heartbeatTimeout;
    }
    return undefined;
  }

  private end(window: ActiveWindow<Key>, failure: FailureClass | undefined): WindowEnd<Key> {
    this.windows.delete(window);
    if (--window.siblings.count === 0) this.siblings.delete(window.siblings.customer);
    this.watched();
    // Work is counted in conversations, not in what they happened to cost.
    const done = window.work === 0 ? 0 : window.volume * Math.min(1, window.done / window.work);
    this.measured.worked += done;
    if (failure === 'contention') this.measured.deadlocks++;
    if (failure === 'timeout') this.measured.timeouts++;
    return { key: window.key, volume: window.volume, done, ...(failure ? { failure } : {}) };
  }

  private watched(): void {
    this.measured.mostActive = Math.max(this.measured.mostActive, this.active);
    if (this.active <= this.parameters.operatorsAt * this.knee) this.overOperatorsSince = undefined;
    else this.overOperatorsSince ??= this.now;
  }

  private cancelsAt(): number {
    return this.overOperatorsSince! + this.parameters.patience;
  }

  /** How much of the speed it could have alone each window gets. */
  private share(): number {
    const { stressAt, thrashing } = this.parameters;
    const over = Math.max(0, this.active - stressAt * this.knee);
    return Math.min(1, this.knee / (1 + thrashing * over) / Math.max(1, this.active));
  }

  private speed(window: ActiveWindow<Key>, share: number): number {
    const { soloSpeed, lockWaits } = this.parameters;
    return (soloSpeed * share) / (1 + lockWaits * (window.siblings.count - 1));
  }

  private risk(window: ActiveWindow<Key>): number {
    return this.parameters.deadlocks * (window.siblings.count - 1);
  }
}
