import { parseDay } from '../../../src/backfill/hours/calendar.js';
import type { Execution } from './executions.js';
import type { Fact } from './facts.js';

/**
 * The invariants of a round, checked on Temporal's own records: the histories of the backfill's runs (facts, in the
 * order in which Temporal recorded them) and every execution of its windows.
 *
 * Order is taken from histories and not from clocks where commands are concerned: between the moment a run decides to
 * start a window, which its history records before or after a command, and the moment the window starts lies the
 * server's own queue, and a crash may make that long.
 */
export function violations(facts: readonly Fact[], executions: readonly Execution[]): string[] {
  const decided = new Decisions(facts);
  return [
    ...everythingClosed(executions),
    ...neverTwiceAtOnce(executions),
    ...nothingAgainUnasked(facts, executions, decided),
    ...limitsHeld(facts, executions, decided),
    ...resetsHadEffect(facts, executions, decided),
    ...cancelsReachedWindows(facts, executions),
    ...noSignalLost(facts),
  ];
}

/** When a backfill decided to start each execution: the order of the latest decision for its id before it started. */
export class Decisions {
  readonly #byId = new Map<string, { order: number; time: number }[]>();

  constructor(facts: readonly Fact[]) {
    for (const fact of facts) {
      if (fact.kind !== 'windowDecided') continue;
      const list = this.#byId.get(fact.workflowId) ?? [];
      this.#byId.set(fact.workflowId, [...list, { order: fact.order, time: fact.time }]);
    }
  }

  orderOf({ workflowId, startedAt }: Execution): number {
    const before = this.#byId.get(workflowId)?.filter(({ time }) => time <= startedAt);
    return before?.at(-1)?.order ?? -1;
  }
}

type Command = Fact & { kind: 'command' };

export const describeExecution = ({ workflowId, runId, status, startedAt, closedAt }: Execution): string =>
  `${workflowId} (${runId.slice(0, 8)}, ${status}, ${clock(startedAt)} to ${Number.isFinite(closedAt) ? clock(closedAt) : 'now'})`;

const clock = (microseconds: number) => new Date(microseconds / 1_000).toISOString().slice(11, 23);

const overlapping = (a: Execution, b: Execution) => a.customer === b.customer && a.from < b.to && b.from < a.to;

function everythingClosed(executions: readonly Execution[]): string[] {
  return executions
    .filter(({ closedAt }) => !Number.isFinite(closedAt))
    .map((left) => `the backfill has ended, but a window still runs: ${describeExecution(left)}`);
}

/** Times are half-open like hours: a window may start in the microsecond in which the one before it closed. */
export function neverTwiceAtOnce(executions: readonly Execution[]): string[] {
  return executions.flatMap((later, i) =>
    executions
      .slice(0, i)
      .filter((earlier) => overlapping(earlier, later) && later.startedAt < earlier.closedAt)
      .map((earlier) => `twice at once: ${describeExecution(earlier)} and ${describeExecution(later)}`),
  );
}

/**
 * No window is decided over hours that completed before, unless a command asked for them in between: after the
 * completed window was decided and before this one was.
 */
export function nothingAgainUnasked(
  facts: readonly Fact[],
  executions: readonly Execution[],
  decided: Decisions,
): string[] {
  const commands = facts.filter((fact): fact is Command => fact.kind === 'command' && fact.verdict !== 'refused');
  const asksFor = (customer: string, hour: number) => (command: Command) =>
    command.name === 'resetDay' && command.argument.customer === customer && dayHolds(command.argument.day, hour);
  return executions.flatMap((again, i) => {
    for (let hour = again.from; hour < again.to; hour++) {
      const done = executions
        .slice(0, i)
        .findLast(
          (earlier) =>
            earlier.status === 'COMPLETED' &&
            earlier.customer === again.customer &&
            earlier.from <= hour &&
            hour < earlier.to &&
            earlier.closedAt <= again.startedAt,
        );
      if (!done) continue;
      const [from, to] = [decided.orderOf(done), decided.orderOf(again)];
      const asked = commands.filter(asksFor(again.customer, hour)).some(({ order }) => from < order && order < to);
      if (!asked) return [`again unasked: ${describeExecution(again)} after ${describeExecution(done)}`];
    }
    return [];
  });
}

function dayHolds(day: unknown, hour: number): boolean {
  const start = parseDay(String(day)) ?? Number.NaN;
  return start <= hour && hour < start + 24;
}

/** Every start finds a free slot: counted at the moment of each start, under the limit in force at the decision. */
function limitsHeld(facts: readonly Fact[], executions: readonly Execution[], decided: Decisions): string[] {
  const limitAt = limits(facts);
  return executions.flatMap((execution) => {
    const at = execution.startedAt;
    const running = executions.filter(({ startedAt, closedAt }) => startedAt <= at && at < closedAt);
    // A window decided earlier may start later; the decision that filled the last slot is the one to judge.
    const order = Math.max(...running.map((other) => decided.orderOf(other)));
    if (order < 0) return [];
    const limit = limitAt(order);
    const own = running.filter(({ customer }) => customer === execution.customer);
    const ownLimit = limitAt(Math.max(...own.map((other) => decided.orderOf(other)))).perCustomer;
    const found: string[] = [];
    if (running.length > limit.max) found.push(`${running.length} in flight, limit ${limit.max}`);
    if (own.length > ownLimit) found.push(`${own.length} of one customer in flight, limit ${ownLimit}`);
    return found.map((text) => `${text}: at the start of ${describeExecution(execution)}`);
  });
}

function limits(facts: readonly Fact[]): (order: number) => { max: number; perCustomer: number } {
  const changes: { order: number; max: number; perCustomer: number }[] = [];
  for (const fact of facts) {
    if (fact.kind === 'started') changes.push({ order: fact.order, ...fact.input.parallelism });
    if (fact.kind === 'command' && fact.name === 'setParallelism' && fact.verdict === 'accepted') {
      const { by: _, ...changed } = fact.argument;
      changes.push({ ...changes.at(-1)!, ...changed, order: fact.order });
    }
  }
  return (order) => changes.findLast((change) => change.order < order) ?? changes[0]!;
}

/** After an accepted `resetDay`, every hour of the day completes again, unless a later command or end overruled it. */
function resetsHadEffect(facts: readonly Fact[], executions: readonly Execution[], decided: Decisions): string[] {
  return facts.flatMap((fact) => {
    if (fact.kind !== 'command' || fact.name !== 'resetDay' || fact.verdict !== 'accepted') return [];
    const { customer, day } = fact.argument;
    const overruled = facts.some((later) => later.order > fact.order && later.chain === fact.chain && overrules(later));
    if (overruled) return [];
    const start = parseDay(String(day))!;
    const covered = new Set<number>();
    for (const execution of executions) {
      if (execution.customer !== customer || execution.status !== 'COMPLETED') continue;
      if (decided.orderOf(execution) < fact.order) continue;
      for (let hour = execution.from; hour < execution.to; hour++) covered.add(hour);
    }
    const missing = Array.from({ length: 24 }, (_, i) => start + i).filter((hour) => !covered.has(hour));
    return missing.length === 0
      ? []
      : [`accepted without effect: resetDay ${customer} ${day}, ${missing.length} hours`];

    function overrules(later: Fact): boolean {
      if (later.kind === 'ended') return later.how !== 'completed';
      if (later.kind !== 'command' || later.verdict === 'refused') return false;
      if (later.name === 'finish') return true;
      if (later.argument.customer !== customer) return false;
      return later.name === 'removeCustomer' || (later.name === 'skipDay' && later.argument.day === day);
    }
  });
}

/** After an accepted `cancelWindows`, every window that runs is asked to cancel, or has ended by itself. */
function cancelsReachedWindows(facts: readonly Fact[], executions: readonly Execution[]): string[] {
  return facts.flatMap((fact) => {
    if (fact.kind !== 'command' || fact.name !== 'cancelWindows' || fact.verdict !== 'accepted') return [];
    const { customer } = fact.argument;
    const rest = facts.slice(fact.order + 1).filter(({ chain }) => chain === fact.chain);
    // A run that ends in that very moment can ask nobody any more.
    const end = rest.find(({ kind }) => kind === 'ended')?.time ?? Number.POSITIVE_INFINITY;
    const asked = new Set(rest.flatMap((later) => (later.kind === 'cancelAsked' ? [later.workflowId] : [])));
    return executions
      .filter((one) => one.startedAt < fact.time && Math.min(one.closedAt, end) > fact.time + GRACE_US)
      .filter((one) => (customer === undefined || one.customer === customer) && !asked.has(one.workflowId))
      .filter(
        (one) =>
          !facts.some(
            (was) => was.order < fact.order && was.kind === 'cancelAsked' && was.workflowId === one.workflowId,
          ),
      )
      .map((one) => `accepted without effect: cancelWindows did not reach ${describeExecution(one)}`);
  });
}

const GRACE_US = 3_000_000;

/** Every signal was either done or refused, with one exception: the run was terminated before it could look. */
function noSignalLost(facts: readonly Fact[]): string[] {
  return facts.flatMap((fact) => {
    if (fact.kind !== 'command' || fact.updateId !== undefined || fact.verdict !== 'unseen') return [];
    const end = facts.find((later) => later.chain === fact.chain && later.kind === 'ended');
    const terminated = end?.kind === 'ended' && end.how === 'terminated';
    return terminated ? [] : [`signal neither done nor refused: ${fact.name} ${JSON.stringify(fact.argument)}`];
  });
}
