import type { FailureClass } from '../../../src/backfill/failures/classify.js';
import { type Bearing, riskOf, speedOf } from './bearing.js';
import { type Conditions, capacityAt, changesAfter, deployIsBad, isAway, liveAt } from './conditions.js';
import type { Parameters } from './parameters.js';
import { between, exponential, type Random } from './random.js';

/** One customer's windows. */
interface Siblings {
  customer: number;
  bearing: Bearing;
  count: number;
  /** Of each of them. */
  speed: number;
  risk: number;
}

/** What one window asks of the database, and how far it has come. Times in seconds, work in conversations of usual cost. */
interface ActiveWindow<Key> {
  key: Key;
  siblings: Siblings;
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
  startedAt: number;
}

export interface WindowStart {
  customer: number;
  bearing: Bearing;
  volume: number;
  work: number;
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

/** A window that starts while the database is away, or with a bad child, fails after so long. */
const FAILS_AFTER = 5;
const TEN_MINUTES = 600;

/** The database model of docs/simulator.md: windows share its capacity, wait for each other's locks, and time out. */
export class Database<Key> {
  readonly measured: Measured = {
    overStress: 0,
    overOperators: 0,
    mostActive: 0,
    deadlocks: 0,
    timeouts: 0,
    interventions: 0,
    windows: 0,
    worked: 0,
  };
  private readonly windows = new Set<ActiveWindow<Key>>();
  private readonly siblings = new Map<number, Siblings>();
  private overOperatorsSince: number | undefined;

  constructor(
    readonly conditions: Conditions,
    private readonly parameters: Parameters,
    private readonly random: Random,
    public now = 0,
  ) {}

  get windowsActive(): number {
    return this.windows.size;
  }

  /** Active sessions: windows, and the live load. */
  get active(): number {
    return this.windows.size + liveAt(this.conditions, this.now);
  }

  /** Sessions that wait for another session of the same customer. */
  get blocked(): number {
    let blocked = 0;
    for (const { count, speed } of this.siblings.values()) blocked += count * (1 - speed);
    return Math.floor(blocked);
  }

  start(key: Key, { customer, bearing, volume, work: asked }: WindowStart): void {
    const { unevenness, overhead, strayDeadlocks, strayFailures, largestWindow } = this.parameters;
    const work = asked * between(this.random, 1 - unevenness, 1 + unevenness);
    // By work, and not by start: short windows meet no more of them in all.
    const strays = strayDeadlocks + strayFailures;
    let failsAt = (exponential(this.random) / strays) * TEN_MINUTES * this.parameters.soloSpeed;
    let failure: FailureClass = this.random() * strays < strayDeadlocks ? 'contention' : 'unknown';
    if (failsAt > work) failsAt = Number.POSITIVE_INFINITY;
    if (work > largestWindow && largestWindow < failsAt) {
      failsAt = largestWindow;
      failure = 'timeout';
    }
    const siblings = this.siblings.get(customer) ?? { customer, bearing, count: 0, speed: 1, risk: 0 };
    this.siblings.set(customer, siblings);
    this.counted(siblings, 1);
    const luck = exponential(this.random);
    const window: ActiveWindow<Key> = {
      key,
      siblings,
      volume,
      startedAt: this.now,
      worksAt: this.now + overhead,
      work,
      done: 0,
      failsAt,
      failure,
      luck,
      doomedAt: Number.POSITIVE_INFINITY,
    };
    if (isAway(this.conditions, this.now)) this.doom(window, 'overload');
    else if (deployIsBad(this.conditions, this.now)) this.doom(window, 'unknown');
    this.windows.add(window);
    this.measured.windows++;
    this.watched();
  }

  /** When something will happen if nothing changes until then. */
  next(): number {
    let at = this.overOperatorsSince === undefined ? Number.POSITIVE_INFINITY : this.cancelsAt();
    // Without a window, time may pass over any change.
    if (this.windows.size > 0) at = Math.min(at, changesAfter(this.conditions, this.now));
    const share = this.share();
    for (const window of this.windows) at = Math.min(at, this.nextOf(window, share));
    return at;
  }

  /** Lets time pass until `to`, not beyond {@link next}; the windows that end then. */
  advance(to: number): WindowEnd<Key>[] {
    const passed = to - this.now;
    const { stressAt, operatorsAt } = this.parameters;
    if (this.active > stressAt * this.conditions.knee) this.measured.overStress += passed;
    if (this.active > operatorsAt * this.conditions.knee) this.measured.overOperators += passed;
    const share = this.share();
    for (const window of this.windows) {
      if (window.worksAt > this.now || window.doomedAt < Number.POSITIVE_INFINITY) continue;
      window.done += passed * this.speed(window, share);
      window.luck -= passed * window.siblings.risk;
    }
    const wasAway = isAway(this.conditions, this.now);
    const wasBad = deployIsBad(this.conditions, this.now);
    this.now = to;
    const ended: WindowEnd<Key>[] = [];
    const endAll = (failure: FailureClass) => {
      for (const window of [...this.windows]) ended.push(this.end(window, failure));
      return ended;
    };
    if (this.overOperatorsSince !== undefined && this.cancelsAt() <= to) {
      this.measured.interventions++;
      return endAll('stopped');
    }
    if (!wasAway && isAway(this.conditions, to)) return endAll('overload');
    if (!wasBad && deployIsBad(this.conditions, to)) return endAll('unknown');
    for (const window of this.windows) {
      const end = this.endOf(window);
      if (end !== undefined) ended.push(this.end(window, end === 'completed' ? undefined : end));
    }
    this.watched();
    return ended;
  }

  private doom(window: ActiveWindow<Key>, failure: FailureClass): void {
    window.doomedAt = this.now + FAILS_AFTER;
    window.failure = failure;
  }

  private nextOf(window: ActiveWindow<Key>, share: number): number {
    if (window.doomedAt < Number.POSITIVE_INFINITY) return window.doomedAt;
    if (window.worksAt > this.now) return window.worksAt;
    const toDo = Math.min(window.work, window.failsAt) - window.done;
    const speed = this.speed(window, share);
    const { risk } = window.siblings;
    return Math.min(
      speed > 0 ? this.now + Math.max(0, toDo / speed) : Number.POSITIVE_INFINITY,
      risk > 0 ? this.now + Math.max(0, window.luck / risk) : Number.POSITIVE_INFINITY,
      window.startedAt + this.parameters.longestWindow,
    );
  }

  private endOf(window: ActiveWindow<Key>): FailureClass | 'completed' | undefined {
    const { longestWindow, heartbeatTimeout } = this.parameters;
    const tiny = 1e-6 * (1 + window.work);
    if (window.doomedAt <= this.now) return window.failure;
    if (window.doomedAt < Number.POSITIVE_INFINITY) return undefined;
    if (window.luck <= 1e-9) return 'contention';
    if (window.done >= window.work - tiny && window.worksAt <= this.now) return 'completed';
    if (window.done >= window.failsAt - tiny && window.failure !== 'timeout') return window.failure;
    if (window.done >= window.failsAt - tiny || window.startedAt + longestWindow <= this.now) {
      window.doomedAt = this.now + heartbeatTimeout;
      window.failure = 'timeout';
    }
    return undefined;
  }

  private end(window: ActiveWindow<Key>, failure: FailureClass | undefined): WindowEnd<Key> {
    this.windows.delete(window);
    this.counted(window.siblings, -1);
    if (window.siblings.count === 0) this.siblings.delete(window.siblings.customer);
    this.watched();
    // Work is counted in conversations, not in what they happened to cost.
    const done = window.work === 0 ? 0 : window.volume * Math.min(1, window.done / window.work);
    this.measured.worked += done;
    if (failure === 'contention') this.measured.deadlocks++;
    if (failure === 'timeout') this.measured.timeouts++;
    const { key, volume, startedAt } = window;
    return { key, volume, startedAt, done, ...(failure ? { failure } : {}) };
  }

  private counted(siblings: Siblings, change: number): void {
    siblings.count += change;
    siblings.speed = speedOf(siblings.bearing, Math.max(1, siblings.count));
    siblings.risk = riskOf(siblings.bearing, siblings.count);
  }

  private watched(): void {
    this.measured.mostActive = Math.max(this.measured.mostActive, this.active);
    if (this.active <= this.parameters.operatorsAt * this.conditions.knee) this.overOperatorsSince = undefined;
    else this.overOperatorsSince ??= this.now;
  }

  private cancelsAt(): number {
    return this.overOperatorsSince! + this.parameters.patience;
  }

  /** How much of what they ask for windows get. Those that wait for locks ask for less, and the live load comes first. */
  private share(): number {
    const { stressAt, thrashing } = this.parameters;
    const over = Math.max(0, this.active - stressAt * this.conditions.knee);
    let asked = 0;
    for (const { count, speed } of this.siblings.values()) asked += count * speed;
    return asked === 0 ? 1 : Math.min(1, capacityAt(this.conditions, this.now) / (1 + thrashing * over) / asked);
  }

  private speed({ siblings }: ActiveWindow<Key>, share: number): number {
    return this.parameters.soloSpeed * share * siblings.speed;
  }
}
