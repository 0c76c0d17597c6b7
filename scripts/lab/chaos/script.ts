import { between, pick, pickWeighted, type Random, seededRandom } from '../../../src/reference-ingestion/random.js';

/** What can be killed. Each comes back after a while. */
export const PARTS = ['orchestrator', 'ingestion', 'temporal', 'postgres'] as const;
export type Part = (typeof PARTS)[number];

/** One thing that goes wrong, or one thing that somebody does. */
export type Action =
  | { kind: 'kill'; part: Part; downMs: number }
  /** Terminates the backfill; after a while somebody starts it again with `resume: true`, maybe with other windows. */
  | { kind: 'terminateBackfill'; downMs: number; window: string }
  /** Somebody stops a window from outside; `which`, in [0, 1), chooses among those that run at that moment. */
  | { kind: 'stopWindow'; how: 'cancel' | 'terminate'; which: number }
  | { kind: 'command'; name: string; argument: Record<string, unknown>; as: 'signal' | 'update' };

export interface Step {
  /** Milliseconds after the start of the backfill. */
  at: number;
  action: Action;
}

/** How a customer's windows behave in a round: all take a while, one of them fails at first in some way. */
export interface Trouble {
  customer: string;
  slowMs: number;
  fault?: { kind: string; day: string; executions: number };
}

/** Everything about one round; the same seed gives the same script, though not the same timing of the machine. */
export interface Script {
  seed: number;
  start: string;
  end: string;
  days: string[];
  customers: string[];
  /** Customers that `addCustomers` may bring in. */
  reserve: string[];
  conversations: number;
  window: string;
  parallelism: { max: number; perCustomer: number };
  maxHistoryEvents: number | undefined;
  operatorTimeout: string;
  troubles: Trouble[];
  steps: Step[];
}

const WINDOWS = ['6h', '12h', '1d', '2d'] as const;
const WINDOWS_PER_DAY: Record<string, number> = { '6h': 4, '12h': 2, '1d': 1, '2d': 0.5 };
/** Failures that a window shows in its first executions only. `crash` takes the whole worker with it. */
const FAULTS = ['contention', 'overload', 'unknown', 'permanent', 'heartbeat-timeout', 'crash'] as const;

/** Length of a script in ms, and how long its windows would take if nothing happened. */
const SCRIPT_MS = 14_000;

export function scriptOf(seed: number): Script {
  const random = seededRandom('chaos', seed);
  const days = Array.from({ length: between(random, 4, 6) }, (_, day) => `2026-01-${String(day + 5).padStart(2, '0')}`);
  const end = `2026-01-${String(days.length + 5).padStart(2, '0')}`;
  const ids = ['ash', 'birch', 'cedar', 'elm', 'fir'].map((tree) => `chaos${seed}-${tree}`);
  const customers = ids.slice(0, between(random, 3, 4));
  const reserve = ids.slice(customers.length);
  const window = pick(random, WINDOWS);
  const parallelism = { max: between(random, 3, 5), perCustomer: random() < 0.8 ? 1 : 2 };
  const windows = customers.length * days.length * WINDOWS_PER_DAY[window]!;
  const usual = Math.min(2_000, Math.max(100, (SCRIPT_MS * parallelism.max) / windows));
  return {
    seed,
    start: days[0]!,
    end,
    days,
    customers,
    reserve,
    window,
    parallelism,
    conversations: between(random, 60, 240),
    maxHistoryEvents: random() < 0.7 ? between(random, 50, 130) : undefined,
    operatorTimeout: random() < 0.85 ? '1h' : '0s',
    troubles: ids.map((customer) => troubleOf(random, customer, days, usual)),
    steps: stepsOf(random, customers, reserve, days),
  };
}

function troubleOf(random: Random, customer: string, days: string[], usual: number): Trouble {
  const slowMs = Math.round(usual * (0.6 + 0.8 * random()));
  const fault = { kind: pick(random, FAULTS), day: pick(random, days), executions: between(random, 1, 2) };
  return { customer, slowMs, ...(random() < 0.4 && { fault }) };
}

function stepsOf(random: Random, customers: string[], reserve: string[], days: string[]): Step[] {
  const moment = () => between(random, 400, SCRIPT_MS);
  const steps: Step[] = [];
  for (let count = between(random, 1, 4); count > 0; count--) {
    const part = pick(random, PARTS);
    steps.push({ at: moment(), action: { kind: 'kill', part, downMs: between(random, 100, 2_500) } });
  }
  for (let count = pickWeighted(random, [5, 4, 1]); count > 0; count--) {
    const action = {
      kind: 'terminateBackfill',
      downMs: between(random, 0, 1_500),
      window: pick(random, WINDOWS),
    } as const;
    steps.push({ at: moment(), action });
  }
  for (let count = between(random, 0, 3); count > 0; count--) {
    const how = pick(random, ['cancel', 'terminate'] as const);
    steps.push({ at: moment(), action: { kind: 'stopWindow', how, which: random() } });
  }
  for (let count = between(random, 8, 16); count > 0; count--) {
    for (const { name, argument, afterwards } of commandsOf(random, customers, reserve, days)) {
      const as = random() < 0.6 ? 'update' : 'signal';
      const at = afterwards ? Math.min(SCRIPT_MS, steps.at(-1)!.at + between(random, 300, 2_500)) : moment();
      steps.push({ at, action: { kind: 'command', name: spelled(random, name), argument, as } });
    }
  }
  return steps.sort((a, b) => a.at - b.at).map((step, index) => named(step, index));
}

interface Planned {
  name: string;
  argument: Record<string, unknown>;
  /** Sent a while after the command before it, and not at a moment of its own. */
  afterwards?: true;
}

/** One command, and what usually takes it back later. */
function commandsOf(random: Random, customers: string[], reserve: string[], days: string[]): Planned[] {
  const customer = pick(random, customers);
  const day = pick(random, days);
  const maybe = random() < 0.5 ? { customer } : {};
  const takenBack = random() < 0.75;
  const both = (name: string, argument: object, back: string, backArgument: object): Planned[] => [
    { name, argument: { ...argument } },
    ...(takenBack ? [{ name: back, argument: { ...backArgument }, afterwards: true } as const] : []),
  ];
  switch (pickWeighted(random, [3, 5, 3, 1, 3, 2, 2, 2, 0.7])) {
    case 0:
      return both('pause', maybe, 'resume', maybe);
    case 1:
      return [{ name: 'resetDay', argument: { customer, day } }];
    case 2:
      return [{ name: 'skipDay', argument: { customer, day } }];
    case 3:
      return [{ name: 'retryFailed', argument: maybe }];
    case 4: {
      const limits = { max: between(random, 1, 6), ...(random() < 0.3 && { perCustomer: between(random, 1, 2) }) };
      return [{ name: 'setParallelism', argument: limits }];
    }
    case 5:
      return reserve.length === 0 ? [] : [{ name: 'addCustomers', argument: { customers: [pick(random, reserve)] } }];
    case 6:
      return both('removeCustomer', { customer }, 'addCustomers', { customers: [customer] });
    case 7:
      return both('cancelWindows', maybe, 'resume', maybe);
    default:
      return [{ name: 'finish', argument: {} }];
  }
}

/** Other spellings reach the workflow by another way than its registered handlers. */
function spelled(random: Random, name: string): string {
  const roll = random();
  if (roll < 0.8) return name;
  return name.replace(/[A-Z]/g, (letter) => `${roll < 0.9 ? '-' : '_'}${letter.toLowerCase()}`);
}

/** Each command carries who sent it, so that it can be found again in logs and histories. */
function named(step: Step, index: number): Step {
  if (step.action.kind !== 'command') return step;
  return { ...step, action: { ...step.action, argument: { ...step.action.argument, by: `step ${index}` } } };
}
