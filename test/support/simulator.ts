import { type CommandName, parseCommand } from '../../src/backfill/commands/command.js';
import { type Performed, perform } from '../../src/backfill/commands/perform.js';
import type { Event } from '../../src/backfill/events/event.js';
import { evolve } from '../../src/backfill/events/evolve.js';
import type { FailureClass } from '../../src/backfill/failures/classify.js';
import type { Interval } from '../../src/backfill/hours/interval.js';
import type { WindowKey } from '../../src/backfill/hours/window.js';
import { decide } from '../../src/backfill/schedule/decide.js';
import type { Decision } from '../../src/backfill/schedule/decision.js';
import type { CheckKey } from '../../src/backfill/state/customer.js';
import { claimsOf } from '../../src/backfill/state/customer-hours.js';
import { countInFlight } from '../../src/backfill/state/in-flight.js';
import { initialState } from '../../src/backfill/state/initial-state.js';
import { byDay, dayOf } from '../../src/backfill/state/ledger.js';
import type { Ending } from '../../src/backfill/state/lifecycle.js';
import type { State } from '../../src/backfill/state/state.js';
import { runningWindow } from '../../src/backfill/state/update.js';
import { deepFreeze, failureOf, MINUTE, type Request, START } from './core.js';

/** How a window ends: after so many ms, completed or by a failure of a class. */
export interface Outcome {
  after: number;
  end: 'completed' | FailureClass;
  /** Its id turned out to be running already. */
  adopted?: boolean;
}

/** What a check of completed windows comes to: all whole, some days with holes, or an error. */
export interface CheckOutcome {
  after: number;
  /** Of the days that it looks at, counted round from the first: those in which something is missing. */
  holes?: readonly number[];
  fails?: boolean;
}

export interface TimedCommand {
  /** Ms since the start of the run. */
  at: number;
  name: CommandName;
  argument: object;
}

export interface Script {
  /** How the windows end, in the order of their starts; all after these complete within a minute. */
  outcomes?: readonly Outcome[] | ((window: Started) => Outcome);
  commands?: readonly TimedCommand[];
  /** What checks come to, in their order; all after these find nothing missing within a second. */
  checks?: readonly CheckOutcome[];
  /** Windows that run before the run starts, and windows that had completed by then. */
  found?: readonly (WindowKey & { outcome: Outcome })[];
  completed?: readonly WindowKey[];
  /** Sees every state. */
  watch?: (state: State, now: number) => void;
  /** Carries every state over to the next step, as continue-as-new does. */
  carry?: (state: State) => State;
}

export interface Started {
  kind: 'started';
  at: number;
  customer: string;
  hours: Interval;
  attempt: number;
  /** The state that the decision was made on. */
  state: State;
}

/** What was seen from outside, in order: the properties judge by this, and not by what the state says of itself. */
export type Entry =
  | Started
  | (Omit<Started, 'kind' | 'state'> & {
      kind: 'ended';
      end: Outcome['end'];
      startedAt: number;
      /** The hours it answered for. */
      claims: readonly Interval[];
    })
  | { kind: 'checkStarted'; at: number; windows: readonly CheckKey[]; state: State }
  /** `short`: the hours in which it found something missing. */
  | { kind: 'checked'; at: number; windows: readonly CheckKey[]; fails: boolean; short: Part[]; before: State }
  | { kind: 'command'; at: number; name: CommandName; argument: Record<string, unknown>; answer: Performed }
  | { kind: 'found'; at: number; customer: string; hours: Interval }
  | { kind: 'resumed'; at: number; customer: string; hours: Interval };

export interface Part {
  customer: string;
  hours: Interval;
}

export interface Driven {
  trace: Entry[];
  state: State;
  /** How the run ended; `standing` when nothing would ever happen again. */
  ending: Ending | 'standing';
  endedAt: number;
}

interface InFlight {
  key: WindowKey;
  attempt: number;
  startedAt: number;
  endsAt: number;
  end: Outcome['end'];
}

const SECOND = 1_000;
const CALM: Outcome = { after: MINUTE, end: 'completed' };

/** Runs the core over virtual time, as the workflow does: decides until there is nothing to start, then lets time pass. */
export function drive(request: Request, script: Script = {}): Driven {
  const trace: Entry[] = [];
  const flying: InFlight[] = [];
  const commands = [...(script.commands ?? [])].sort((a, b) => a.at - b.at);
  let checks = 0;
  let check: (CheckOutcome & { windows: readonly CheckKey[]; endsAt: number }) | undefined;
  let starts = 0;
  let now = START;
  let state = see(initialState(request.options, request.customers, now));

  function see(next: State): State {
    script.watch?.(deepFreeze(next), now);
    return script.carry ? deepFreeze(script.carry(next)) : next;
  }
  function happened(event: Event): void {
    state = see(evolve(state, deepFreeze(event)));
  }
  const idOf = (customer: number) => state.customers[customer]!.id;
  const outcomeOf = (window: Started): Outcome =>
    (typeof script.outcomes === 'function' ? script.outcomes(window) : script.outcomes?.[starts]) ?? CALM;

  function start({ customer, hours, attempt }: Decision & { kind: 'startWindow' }): void {
    const key = { customer, hours };
    const started: Started = { kind: 'started', at: now, customer: idOf(customer), hours, attempt, state };
    trace.push(started);
    const { after, end, adopted } = outcomeOf(started);
    starts++;
    happened({ kind: 'windowStarted', at: now, ...key, attempt });
    if (adopted) happened({ kind: 'windowAdopted', at: now, ...key });
    else happened({ kind: 'windowIdentified', at: now, ...key, runId: `run ${starts}` });
    flying.push({ key, attempt, startedAt: now, endsAt: now + after, end });
  }

  function end(window: InFlight): void {
    flying.splice(flying.indexOf(window), 1);
    const { key, attempt, startedAt, end } = window;
    const claims = claimsOf(runningWindow(state.customers[key.customer]!, key.hours)!);
    trace.push({ kind: 'ended', at: now, ...key, customer: idOf(key.customer), attempt, startedAt, end, claims });
    if (end === 'completed') happened({ kind: 'windowCompleted', at: now, ...key });
    else happened({ kind: 'windowFailed', at: now, ...key, failure: failureOf(end) });
  }

  function startCheck(windows: readonly CheckKey[]): void {
    if (check) throw new Error('two checks at once');
    const outcome = script.checks?.[checks++] ?? { after: SECOND };
    trace.push({ kind: 'checkStarted', at: now, windows, state });
    happened({ kind: 'checkStarted', at: now, windows: [...windows] });
    check = { ...outcome, windows, endsAt: now + outcome.after };
  }

  function endCheck({ windows, holes = [], fails = false }: NonNullable<typeof check>): void {
    check = undefined;
    const parts = windows.flatMap((key) => [...byDay([key.hours])].map((hours) => ({ key, hours })));
    const short = fails ? [] : parts.filter((_, i) => holes.some((hole) => hole % parts.length === i));
    const named = short.map(({ key, hours }) => ({ customer: idOf(key.customer), hours }));
    trace.push({ kind: 'checked', at: now, windows, fails, short: named, before: state });
    if (fails) happened({ kind: 'checkFailed', at: now, windows: [...windows], reason: 'no database' });
    else {
      const checked = windows.map((key) => ({
        ...key,
        days: parts
          .filter((part) => part.key === key)
          .map((part): [number, number, number] => [dayOf(part.hours[0]), 100, short.includes(part) ? 12 : 0]),
      }));
      happened({ kind: 'windowsChecked', at: now, windows: checked });
    }
  }

  function command({ name, argument }: TimedCommand): void {
    const parsed = parseCommand(name, argument);
    const answer = 'refused' in parsed ? parsed : perform(state, deepFreeze(parsed), now);
    trace.push({ kind: 'command', at: now, name, argument: argument as Record<string, unknown>, answer });
    if (!('state' in answer)) return;
    state = see(answer.state);
    const customers = state.customers.flatMap(({ hours }, index) => (hours.undiscovered ? [index] : []));
    if (customers.length > 0) happened({ kind: 'customersDiscovered', at: now, customers });
  }

  for (const { outcome, ...key } of script.found ?? []) {
    trace.push({ kind: 'found', at: now, ...key, customer: idOf(key.customer) });
    happened({ kind: 'windowFound', at: now, ...key, runId: 'found' });
    flying.push({ key, attempt: 1, startedAt: now, endsAt: now + outcome.after, end: outcome.end });
  }
  if (script.completed) {
    for (const key of script.completed) trace.push({ kind: 'resumed', at: now, ...key, customer: idOf(key.customer) });
    happened({
      kind: 'completedWindowsFound',
      at: now,
      windows: [...script.completed],
    });
  }
  happened({ kind: 'prepared', at: now });

  for (let steps = 0; steps < 100_000; steps++) {
    const decision = decide(state, now);
    if (decision.kind === 'startWindow') {
      start(decision);
      continue;
    }
    if (decision.kind === 'verify') {
      startCheck(decision.windows);
      continue;
    }
    if (decision.kind === 'end') {
      if (countInFlight(state) > 0) throw new Error('the run ends with windows in flight');
      happened({ kind: 'runEnded', at: now, how: decision.how });
      return { trace, state, ending: decision.how, endedAt: now };
    }
    if (decision.until !== undefined && decision.until <= now) throw new Error('the run waits for what is past');
    const ending = flying.reduce<InFlight | undefined>((a, b) => (a && a.endsAt <= b.endsAt ? a : b), undefined);
    const next = Math.min(
      check?.endsAt ?? Number.POSITIVE_INFINITY,
      ending?.endsAt ?? Number.POSITIVE_INFINITY,
      commands[0] === undefined ? Number.POSITIVE_INFINITY : START + commands[0].at,
      decision.until ?? Number.POSITIVE_INFINITY,
    );
    if (next === Number.POSITIVE_INFINITY) return { trace, state, ending: 'standing', endedAt: now };
    now = Math.max(now, next);
    if (check && check.endsAt <= now) endCheck(check);
    else if (ending && ending.endsAt <= now) end(ending);
    else if (commands[0] && START + commands[0].at <= now) command(commands.shift()!);
  }
  throw new Error('the run does not end');
}

export const startsOf = ({ trace }: Driven): Started[] => trace.filter((entry) => entry.kind === 'started');
