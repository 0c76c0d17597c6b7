// Long because the world, what happens in it and the rules that it checks after each step are about one state.
import { isDeepStrictEqual } from 'node:util';
import { randomFrom } from '../../scripts/lab/simulate/random.js';
import { type CommandName, parseCommand } from '../../src/backfill/commands/command.js';
import { perform } from '../../src/backfill/commands/perform.js';
import { defined } from '../../src/backfill/defined.js';
import type { Event } from '../../src/backfill/events/event.js';
import { evolve } from '../../src/backfill/events/evolve.js';
import { FAILURE_CLASSES, type FailureClass } from '../../src/backfill/failures/classify.js';
import { formatDay } from '../../src/backfill/hours/calendar.js';
import { type Interval, meet } from '../../src/backfill/hours/interval.js';
import { gridEnd, windowId } from '../../src/backfill/hours/window.js';
import { hoursOf as sizeInHours } from '../../src/backfill/pacing/sizing.js';
import { decide } from '../../src/backfill/schedule/decide.js';
import { limitNow, nextTrialOf, writersOf } from '../../src/backfill/schedule/limit.js';
import type { CheckKey, Customer } from '../../src/backfill/state/customer.js';
import { rangeOf } from '../../src/backfill/state/customer.js';
import { doneHours } from '../../src/backfill/state/customer-hours.js';
import { TRANSITIONS } from '../../src/backfill/state/hour-transitions.js';
import { countInFlight, findsWriters } from '../../src/backfill/state/in-flight.js';
import { initialState } from '../../src/backfill/state/initial-state.js';
import { dayOf } from '../../src/backfill/state/ledger.js';
import { packToFit } from '../../src/backfill/state/pack-to-fit.js';
import type { State } from '../../src/backfill/state/state.js';
import { tallyOf } from '../../src/backfill/state/tally.js';
import { unpack } from '../../src/backfill/state/unpack.js';
import { runningWindow, without } from '../../src/backfill/state/update.js';
import { DAY, failureOf, HOUR, hour, MINUTE, type Request, requestOf, START, throughJson } from './core.js';
import { statesOfHours } from './hours.js';

const IDS = ['cvs', 'oportun', 'marriott', 'united-east', 'sky'];
const SIZES = ['1d', '6h', '5h', '2d', '3d', '10d', '1mo'];

const MOST_SLOTS = 8;

/** A workflow of the world, regardless of who started it. */
interface Workflow {
  customer: string;
  hours: Interval;
  endsAt: number;
  end: 'completed' | FailureClass;
  /** When the run got to know it, counted in steps. */
  knownSince: number;
}

/**
 * One whole run of the core in a world that does all that a world can do: windows of any class of failure, windows that others
 * start by hand, of any size, found late or met by chance; customers that come, leave and come back with other windows, their
 * look-ups answered late; resizing windows, adaptive limits, a database of all levels, working hours, checks, a breaker, every
 * command, and a hand-over at any moment. Throws, with the seed in its message, when something is not as it must be:
 *
 * - every hour of a range is in exactly one state, and changes it only as the table of transitions says;
 * - what is done was covered by a window that started after it was last asked for again;
 * - no two windows of a customer share an hour; none starts over a limit, nor while a pause, the hours or the database forbid it;
 * - the state that is handed over is the state;
 * - the run ends.
 */
export function fuzz(seed: number): { steps: number; ending: string } {
  try {
    return new World(seed).play();
  } catch (error) {
    throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
  }
}

class World {
  private readonly random: () => number;
  private readonly request: Request;
  private state: State;
  private now = START;
  private steps = 0;
  private readonly workflows = new Map<string, Workflow>();
  /** By customer and hour: since when a window that covers it must have started, and since when one that completed had. */
  private readonly wanted = new Map<string, number>();
  private readonly covered = new Map<string, number>();
  private readonly watched = new Set<string>();
  /** Windows that the run started itself, and may start again as they were. */
  private readonly started = new Map<string, Interval[]>();
  private look: { answerAt: number; since: number; customers: number[]; running: string[] } | undefined;
  private check: { windows: CheckKey[]; endsAt: number } | undefined;
  /** When each customer was added: of a window that runs, it is not known since when. */
  private readonly addedAt = new Map<string, number>();
  private favourite = IDS[0]!;
  private readonly calmAfter: number;
  /** Customers as they were judged: what has not changed since is as it was. */
  private readonly judged = new WeakSet<Customer>();

  constructor(seed: number) {
    this.random = randomFrom(seed);
    this.calmAfter = START + this.between(1, 8) * DAY;
    this.request = this.anyRequest();
    this.state = initialState(this.request.options, this.request.customers, this.now);
  }

  private chance = (share: number): boolean => this.random() < share;
  private between = (least: number, most: number): number => least + Math.floor(this.random() * (most - least + 1));
  private one = <T>(list: readonly T[]): T => list[Math.floor(this.random() * list.length)]!;

  private perCustomer = (): number | 'auto' => (this.chance(0.5) ? 'auto' : this.between(1, 3));

  private day = (): string => formatDay(hour('2026-01-01') + 24 * this.between(-3, 15));

  private anyWindow(): string | object {
    if (this.chance(0.5)) return this.one(SIZES);
    const [min, max] = [this.one(['1h', '6h', '1d']), this.one(['2d', '10d', '1mo'])];
    return { initial: this.one(['auto', max]), min, max, target: this.one([500, 5_000, '5m']) };
  }

  private anyCustomer(id: string): object {
    const start = this.between(-3, 8);
    const first = hour('2026-01-01') + 24 * start;
    return {
      id,
      ...(this.chance(0.5) && { start: formatDay(first), end: formatDay(first + 24 * this.between(1, 9)) }),
      ...(this.chance(0.4) && { window: this.anyWindow() }),
      ...(this.chance(0.3) && { perCustomer: this.perCustomer() }),
      ...(this.chance(0.5) && { conversations: this.between(0, 30_000) }),
    };
  }

  private anyRequest(): Request {
    return requestOf({
      end: formatDay(hour('2026-01-01') + 24 * this.between(9, 14)),
      customers: IDS.slice(0, this.between(1, 4)).map((id) => this.anyCustomer(id)),
      window: this.anyWindow(),
      parallelism: {
        max: this.between(1, MOST_SLOTS),
        min: 1,
        perCustomer: this.perCustomer(),
        adaptive: this.chance(0.5),
      },
      retry: { unknown: { attempts: this.between(1, 3) }, timeout: { attempts: this.between(1, 3) } },
      operatorTimeout: '2d',
      breaker: { windows: this.between(2, 20), retryAfter: this.one(['10s', '5m']) },
      canary: this.chance(0.2) ? this.between(1, 4) : 0,
      resume: this.chance(0.5),
      verify: { mode: this.one(['off', 'report', 'repair']), repairs: this.between(1, 2) },
      ...(this.chance(0.4) && { probe: { maxLoad: { activeSessions: 10 }, whenUnknown: this.one(['hold', 'stop']) } }),
      ...(this.chance(0.3) && { hours: [{ from: '00:00', to: '24:00', timeZone: 'UTC' }] }),
    });
  }

  private happened(event: Event): void {
    this.moveTo(evolve(this.state, event), event.kind);
  }

  /** Judges every state; some go to the next run on the way. */
  private moveTo(state: State, by: string): void {
    this.judgeMoves(this.state, state, by);
    this.state = state;
    for (const customer of state.customers) {
      if (this.judged.has(customer)) continue;
      const { count = 1 } = customer.pacing.foundWriters ?? {};
      if (count < 1 || count > MOST_SLOTS) throw new Error(`${customer.id} has ${count} writers`);
      this.judged.add(customer);
      const states = statesOfHours(customer);
      if (states.size !== customer.end - customer.start) throw new Error(`${customer.id} has hours in no state`);
      for (const [from, to] of doneHours(customer)) {
        for (let at = from; at < to; at++) {
          const key = `${customer.id} ${at}`;
          const covered = this.covered.get(key);
          if (covered === undefined) throw new Error(`${key} is done, and nothing covered it`);
          if (covered < (this.wanted.get(key) ?? 0)) throw new Error(`${key} is done, and was asked for since`);
        }
      }
      const { running } = customer.windows;
      for (const [i, one] of running.entries()) {
        for (const other of running.slice(i + 1)) {
          if (meet(one.hours, other.hours) && !one.found && !other.found)
            throw new Error(`two windows of ${customer.id} share an hour`);
        }
      }
    }
    if (!this.chance(0.05)) return;
    const carried = unpack(throughJson(packToFit(state, this.now)));
    if (state.checks.underway) this.check = undefined;
    const expected = { ...state, checks: without(state.checks, 'underway') };
    if (!isDeepStrictEqual(carried, expected)) throw new Error('the next run gets another state');
    if (!isDeepStrictEqual(tallyOf(carried), tallyOf(state))) throw new Error('the tally moved away from the state');
    this.state = carried;
  }

  /** No hour becomes anything else than the table of transitions says of this event or command. */
  private judgeMoves(before: State, after: State, by: string): void {
    const allowed: Partial<Record<string, string>> = (TRANSITIONS as Record<string, object>)[by] ?? {};
    for (const [index, is] of after.customers.entries()) {
      const was = before.customers[index];
      if (!was || was === is) continue;
      const states = statesOfHours(was);
      for (const [hour, state] of statesOfHours(is)) {
        const from = states.get(hour) ?? 'skipped';
        if (from === state || allowed[`${from} → ${state}`]) continue;
        throw new Error(`${is.id} ${hour}: ${by} makes it ${state}, which was ${from}`);
      }
    }
  }

  private id = (customer: string, hours: Interval): string => windowId('w', customer, hours);

  private fate(): Pick<Workflow, 'endsAt' | 'end'> {
    const endsAt = this.now + this.one([MINUTE, 20 * MINUTE, HOUR, 6 * HOUR]) + this.between(0, 50);
    const calm = this.now > this.calmAfter || this.chance(0.6);
    return { endsAt, end: calm ? 'completed' : this.one(FAILURE_CLASSES) };
  }

  /** Somebody starts a window by hand, which the run may find, meet or never hear of. */
  private startByHand(): void {
    const customer = this.someone();
    // Often a day, whose id the run may want to start as well.
    const aligned = this.chance(0.7);
    const from = hour('2026-01-01') + (aligned ? 24 * this.between(-1, 13) : this.between(-48, 340));
    const hours: Interval = [from, from + (aligned ? 24 : this.one([1, 5, 24, 30, 240]))];
    const id = this.id(customer, hours);
    if (!this.workflows.has(id)) {
      this.workflows.set(id, { customer, hours, ...this.fate(), knownSince: Number.POSITIVE_INFINITY });
    }
  }

  private start(index: number, hours: Interval, attempt: number): void {
    const before = this.state.customers[index]!;
    this.judgeStart(index, hours);
    const id = this.id(before.id, hours);
    const key = { at: this.now, customer: index, hours };
    this.happened({ kind: 'windowStarted', ...key, attempt });
    const existing = this.workflows.get(id);
    if (existing) {
      if (runningWindow(before, hours)) throw new Error(`${id} started twice`);
      existing.knownSince = this.steps;
      this.happened({ kind: 'windowAdopted', ...key });
    } else {
      this.workflows.set(id, { customer: before.id, hours, ...this.fate(), knownSince: this.steps });
      this.happened({ kind: 'windowIdentified', ...key, runId: `run-${this.steps}` });
    }
    this.watched.add(id);
  }

  private judgeStart(index: number, hours: Interval): void {
    const { state, now } = this;
    const customer = state.customers[index]!;
    const { limit, growsAt } = limitNow(state, now);
    const most = growsAt !== undefined && growsAt <= now ? limit + 1 : limit;
    if (countInFlight(state) >= Math.min(most, state.parallelism.max))
      throw new Error(`a start over the limit ${limit}`);
    const trial = findsWriters(state, customer) ? nextTrialOf(state, customer, limit) : undefined;
    const writers = trial && trial.at <= now ? trial.count : writersOf(state, customer);
    if (customer.windows.running.length >= writers) throw new Error(`too many windows of ${customer.id}`);
    if (state.lifecycle.paused || customer.paused || customer.removed)
      throw new Error(`${customer.id} starts in a pause`);
    const { level } = state.pacing.health;
    if (level === 'critical') throw new Error('a start while the database is critical');
    if (level === 'unknown' && state.options.probe?.whenUnknown === 'stop')
      throw new Error('a start while the database is out of sight');
    if (customer.hours.undiscovered) throw new Error(`${customer.id} starts before it was looked for`);
    if (state.guard.breaker?.trial) throw new Error('a second window while the breaker tries one');
    this.judgeSize(customer, hours);
    const met = customer.windows.running.find((window) => meet(window.hours, hours));
    if (met) throw new Error(`${customer.id} starts over hours that run`);
  }

  /** A window is a cell of its customer's grid, or again what the run has started before, or a day that a check sent back. */
  private judgeSize(customer: Customer, hours: Interval): void {
    const { id, windows } = customer;
    const again = this.started.get(id)?.some((window) => window[0] <= hours[0] && hours[1] <= window[1]);
    const repair = windows.retries.some((retry) => retry.hours[0] === hours[0] && retry.class === 'missing');
    if (!again && !repair && !this.isCell(customer, hours)) throw new Error(`a window of ${id} over its size`);
    this.remember(id, hours);
  }

  private isCell = ({ pacing, start }: Customer, hours: Interval): boolean =>
    hours[1] <= gridEnd(pacing.sizing.size, start, hours[0]);

  private remember(customer: string, hours: Interval): void {
    this.started.set(customer, [...(this.started.get(customer) ?? []), hours]);
  }

  private end(id: string): void {
    const { customer, hours, end, knownSince } = this.workflows.get(id)!;
    this.workflows.delete(id);
    if (!this.watched.delete(id)) return;
    const index = this.state.customers.findIndex((other) => other.id === customer);
    const key = { at: this.now, customer: index, hours };
    if (end !== 'completed') {
      const size = () => sizeInHours(this.state.customers[index]!.pacing.sizing.size);
      const before = size();
      // One that was found, and is what the run would have started, is tried again as it was.
      if (this.isCell(this.state.customers[index]!, hours)) this.remember(customer, hours);
      this.happened({ kind: 'windowFailed', ...key, failure: failureOf(end) });
      if (size() > before) throw new Error(`windows of ${customer} grew by a failure`);
      return;
    }
    for (let at = hours[0]; at < hours[1]; at++) {
      const name = `${customer} ${at}`;
      this.covered.set(name, Math.max(knownSince, this.covered.get(name) ?? 0));
    }
    const conversations = this.chance(0.5) ? { conversations: this.between(0, 9_000) } : {};
    this.happened({ kind: 'windowCompleted', ...key, ...conversations });
  }

  /** Mostly the customer that the last command was for: one command says little, and several to one customer meet in its look-up. */
  private someone(): string {
    if (this.chance(0.4)) this.favourite = this.one(IDS);
    return this.favourite;
  }

  /** What the shell does when customers have come: looks what runs of them, and hears of it later. */
  private lookFor(customers: number[]): void {
    const ids = customers.map((index) => this.state.customers[index]!.id);
    const running = [...this.workflows].flatMap(([id, { customer }]) => (ids.includes(customer) ? [id] : []));
    this.look = { answerAt: this.now + this.one([0, MINUTE, 2 * HOUR]), since: this.steps, customers, running };
  }

  private answerLook(): void {
    const { customers, running } = this.look!;
    this.look = undefined;
    for (const id of running) {
      // One that has ended meanwhile is followed all the same: its end comes at once.
      const workflow = this.workflows.get(id) ?? undefined;
      if (!workflow || this.watched.has(id)) continue;
      const index = this.state.customers.findIndex((other) => other.id === workflow.customer);
      if (!meet(workflow.hours, rangeOf(this.state.customers[index]!))) continue;
      workflow.knownSince = this.addedAt.get(workflow.customer) ?? 0;
      this.watched.add(id);
      const { hours } = workflow;
      this.happened({ kind: 'windowFound', at: this.now, customer: index, hours, runId: `found-${id}` });
    }
    if (this.request.options.resume) this.tellCompleted(customers);
    this.happened({ kind: 'customersDiscovered', at: this.now, customers });
  }

  /** Windows that had completed before the run; what they cover counts as covered from the start. */
  private tellCompleted(customers: number[]): void {
    const windows = customers.flatMap((customer) => {
      if (this.chance(0.5)) return [];
      const { start, end, id } = this.state.customers[customer]!;
      const from = this.between(start - 24, end - 1);
      const to = from + this.one([1, 24, 100]);
      for (let at = from; at < to; at++) this.covered.set(`${id} ${at}`, this.covered.get(`${id} ${at}`) ?? 0);
      return [{ customer, hours: [from, to] as const }];
    });
    this.happened({ kind: 'completedWindowsFound', at: this.now, windows });
  }

  private command(): void {
    const [id, day] = [this.someone(), this.day()];
    const limits = { max: this.between(1, MOST_SLOTS), perCustomer: this.perCustomer(), adaptive: this.chance(0.5) };
    const [name, argument] = this.one<[CommandName, Record<string, unknown>]>([
      ['pause', this.chance(0.5) ? { customer: id } : {}],
      ['resume', this.chance(0.3) ? { customer: id } : {}],
      ['resume', {}],
      ['resetDay', { customer: id, day }],
      ['resetDay', { customer: id, day }],
      ['skipDay', { customer: id, day }],
      ['retryFailed', {}],
      ['setParallelism', limits],
      ['addCustomers', { customers: [this.anyCustomer(id)] }],
      ['addCustomers', { customers: [this.anyCustomer(id)] }],
      ['removeCustomer', { customer: id }],
      ['cancelWindows', this.chance(0.5) ? { customer: id } : {}],
    ]);
    const parsed = parseCommand(name, argument);
    if ('refused' in parsed) return;
    const before = this.state;
    const performed = perform(before, parsed, this.now);
    if ('refused' in performed) {
      if (this.state !== before) throw new Error(`${name} was refused, and changed something`);
      return;
    }
    if (name === 'resetDay') {
      for (let at = hour(day); at < hour(day) + 24; at++) this.wanted.set(`${id} ${at}`, this.steps);
    }
    // What is left out is not wanted any more; a window that runs over it may complete it all the same.
    if (name === 'skipDay') for (let at = hour(day); at < hour(day) + 24; at++) this.wanted.delete(`${id} ${at}`);
    if (name === 'removeCustomer') {
      for (const key of [...this.wanted.keys()]) if (key.startsWith(`${id} `)) this.wanted.delete(key);
    }
    if (name === 'addCustomers') this.addedAt.set(id, this.steps);
    this.moveTo(performed.state, name);
    for (const customer of this.state.customers) {
      for (const window of customer.windows.running) {
        const workflow = this.workflows.get(this.id(customer.id, window.hours));
        if (window.cancelRequested && workflow && this.chance(0.5)) {
          Object.assign(workflow, { endsAt: this.now + 1_000, end: 'stopped' });
        }
      }
    }
  }

  private weather(): void {
    const level = this.one(['ok', 'high', 'critical', 'unknown'] as const);
    if (this.request.options.probe) {
      const utilization = { ok: this.one([0, 0.4, 0.75, 0.95]), high: 1.1, critical: 2, unknown: undefined }[level];
      const seen = this.chance(0.7) ? defined({ utilization }) : {};
      this.happened({ kind: 'healthChanged', at: this.now, level, reason: 'the weather', ...seen });
    }
    if (this.request.options.hours && this.chance(0.3)) {
      const steps = [0, 1, 2, 3].map((i) => ({ at: this.now + 4 * i * HOUR, max: this.one([0, 2, 1_000]) }));
      this.happened({ kind: 'hoursKnown', at: this.now, steps: [...steps, { at: this.now + DAY, max: 1_000 }] });
    }
  }

  private endCheck(): void {
    const { windows } = this.check!;
    this.check = undefined;
    if (this.chance(0.1)) {
      this.happened({ kind: 'checkFailed', at: this.now, windows, reason: 'no database' });
      return;
    }
    const checked = windows.map((key) => {
      const days: [number, number, number][] = [];
      for (let day = dayOf(key.hours[0]); day <= dayOf(key.hours[1] - 1); day++) {
        const missing = this.now < this.calmAfter && this.chance(0.2) ? 3 : 0;
        days.push([day, 100, missing]);
      }
      return { ...key, days };
    });
    this.happened({ kind: 'windowsChecked', at: this.now, windows: checked });
  }

  /** After this nobody interferes any more, so that the run can end. */
  private settle(): void {
    for (const command of ['resume', 'retryFailed'] as const) {
      const performed = perform(this.state, { name: command }, this.now);
      if ('state' in performed) this.moveTo(performed.state, command);
    }
    if (this.request.options.probe) this.happened({ kind: 'healthChanged', at: this.now, level: 'ok', reason: 'calm' });
    if (this.request.options.hours) {
      this.happened({ kind: 'hoursKnown', at: this.now, steps: [{ at: this.now, max: 1_000 }] });
    }
  }

  play(): { steps: number; ending: string } {
    for (let i = this.between(0, 4); i > 0; i--) this.startByHand();
    this.lookFor(this.state.customers.map((_, index) => index));
    this.answerLook();
    if (this.request.options.hours) {
      this.happened({ kind: 'hoursKnown', at: this.now, steps: [{ at: this.now, max: 1_000 }] });
    }
    this.happened({ kind: 'prepared', at: this.now });
    let nextWhim = this.now + 1_000;
    let settled = false;
    for (; this.steps < 60_000; this.steps++) {
      const unseen = this.state.customers.flatMap(({ hours }, index) => (hours.undiscovered ? [index] : []));
      if (unseen.length > 0 && !this.look) this.lookFor(unseen);
      const decision = decide(this.state, this.now);
      if (decision.kind === 'startWindow') {
        this.start(decision.customer, decision.hours, decision.attempt);
        continue;
      }
      if (decision.kind === 'verify') {
        if (this.check) throw new Error('two checks at once');
        this.check = { windows: decision.windows, endsAt: this.now + this.one([1_000, HOUR]) };
        this.happened({ kind: 'checkStarted', at: this.now, windows: decision.windows });
        continue;
      }
      if (decision.kind === 'end') {
        if (countInFlight(this.state) > 0) throw new Error('the run ends with windows in flight');
        this.happened({ kind: 'runEnded', at: this.now, how: decision.how });
        return { steps: this.steps, ending: decision.how };
      }
      if (decision.until !== undefined && decision.until <= this.now) throw new Error('the run waits for what is past');
      const [first] = [...this.workflows].sort((a, b) => a[1].endsAt - b[1].endsAt);
      const times = {
        end: first?.[1].endsAt ?? Number.POSITIVE_INFINITY,
        look: this.look?.answerAt ?? Number.POSITIVE_INFINITY,
        check: this.check?.endsAt ?? Number.POSITIVE_INFINITY,
        whim: nextWhim,
        until: decision.until ?? Number.POSITIVE_INFINITY,
      };
      const next = Math.min(...Object.values(times));
      if (next === Number.POSITIVE_INFINITY) throw new Error('nothing would ever happen again');
      this.now = Math.max(this.now, next);
      if (times.end <= this.now) this.end(first![0]);
      else if (times.look <= this.now) this.answerLook();
      else if (times.check <= this.now) this.endCheck();
      else if (times.whim <= this.now) {
        nextWhim = this.now + this.one([1_000, MINUTE, 20 * MINUTE, HOUR]);
        if (this.now > this.calmAfter) {
          // Windows from before the calm may yet end as stopped, and several of them pause the run.
          const stopping = [...this.workflows.values()].some(({ end }) => end === 'stopped');
          if (settled && !stopping) nextWhim = Number.POSITIVE_INFINITY;
          settled = true;
          this.settle();
        } else if (this.chance(0.2)) this.startByHand();
        else if (this.chance(0.3)) this.weather();
        else this.command();
      }
    }
    throw new Error('the run does not end');
  }
}
