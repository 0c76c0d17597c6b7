import { parseCommand } from '../../src/backfill/commands/command.js';
import { perform } from '../../src/backfill/commands/perform.js';
import type { Event } from '../../src/backfill/events/event.js';
import { evolve } from '../../src/backfill/events/evolve.js';
import type { FailureClass } from '../../src/backfill/failures/classify.js';
import { formatDay } from '../../src/backfill/hours/calendar.js';
import { decide } from '../../src/backfill/schedule/decide.js';
import { byDay, dayOf } from '../../src/backfill/state/ledger.js';
import type { State } from '../../src/backfill/state/state.js';
import { deepFreeze, failureOf, nameOf, START, windowNamed } from './core.js';
import { preparedState } from './state.js';

/** A run of which the words below tell a story; a second passes with each. */
export interface Story {
  state: State;
  now: number;
  /** What the latest command did, or why it was refused. */
  did?: string;
  refused?: string;
}

export type Step = (story: Story) => Story;

/** The run of a request, with all known that it must know before its first window. */
export function backfill(input: object): Step {
  const state = preparedState(input);
  return () => ({ state, now: START });
}

/** Starts as many windows as the run wants to, or so many. */
export const starts =
  (most = Number.POSITIVE_INFINITY): Step =>
  (story) => {
    let { state, now } = story;
    for (let i = 0; i < most; i++) {
      const decision = decide(state, now);
      if (decision.kind !== 'startWindow') break;
      state = evolve(state, { ...decision, kind: 'windowStarted', at: now });
    }
    return { state, now: now + 1_000 };
  };

type Windowless<Kind extends Event['kind']> = Omit<Extract<Event, { kind: Kind }>, 'at' | 'customer' | 'hours'>;

const windowEvent =
  <Kind extends Event['kind']>(name: string, event: Windowless<Kind>): Step =>
  ({ state, now }) => {
    const { customer, interval } = windowNamed(name);
    const index = state.customers.findIndex(({ id }) => id === customer);
    const key = { customer: index, hours: interval };
    return { state: evolve(state, { ...event, ...key, at: now } as unknown as Event), now: now + 1_000 };
  };

export const completes = (name: string) => windowEvent<'windowCompleted'>(name, { kind: 'windowCompleted' });

export const fails = (name: string, kind: FailureClass = 'unknown') =>
  windowEvent<'windowFailed'>(name, { kind: 'windowFailed', failure: failureOf(kind) });

export const isAdopted = (name: string) => windowEvent<'windowAdopted'>(name, { kind: 'windowAdopted' });

export const isFound = (name: string) => windowEvent<'windowFound'>(name, { kind: 'windowFound', runId: 'found' });

export const happens =
  (event: (at: number) => Event): Step =>
  ({ state, now }) => ({ state: evolve(state, event(now)), now: now + 1_000 });

export const passes =
  (ms: number): Step =>
  (story) => ({ ...story, now: story.now + ms });

/** An operator's command, read and done as the workflow does it. */
export const command =
  (name: string, argument: object = {}): Step =>
  ({ state, now }) => {
    const parsed = parseCommand(name, argument);
    const performed = 'refused' in parsed ? parsed : perform(state, parsed, now);
    if ('refused' in performed) return { state, now: now + 1_000, refused: performed.refused };
    return { state: performed.state, now: now + 1_000, did: performed.did };
  };

/** What runs and what is done already of customers that were added is known. */
export const newcomersAreDiscovered: Step = ({ state, now }) => {
  const customers = state.customers.flatMap(({ hours }, index) => (hours.undiscovered ? [index] : []));
  return { state: evolve(state, { kind: 'customersDiscovered', customers, at: now }), now: now + 1_000 };
};

const INITIAL: Story = { state: undefined as never, now: START };

/** `given(…what happened).when(…what happens).then(…what should be so)`; every state on the way is frozen. */
export function given(...before: Step[]) {
  const tell = (story: Story, steps: Step[]) =>
    steps.reduce((told, step) => {
      const next = step(told);
      deepFreeze(next.state);
      return next;
    }, story);
  const started = tell(INITIAL, before);
  return {
    story: started,
    when: (...steps: Step[]) => {
      const ended = tell(started, steps);
      // biome-ignore lint/suspicious/noThenProperty: given, when, then; nobody awaits it.
      return { then: (check: (ended: Story, before: Story) => void) => check(ended, started) };
    },
  };
}

/** The names of the windows that the run would start now, without starting them. */
export function nextStarts(story: Story): string[] {
  const names: string[] = [];
  let { state } = story;
  for (;;) {
    const decision = decide(state, story.now);
    if (decision.kind !== 'startWindow') return names;
    names.push(nameOf(state.customers[decision.customer]!.id, decision));
    state = evolve(state, { ...decision, kind: 'windowStarted', at: story.now });
  }
}

/** The check that the run wants now, as names of the hours it looks at; none if it wants none. */
export function nextCheck({ state, now }: Story): string[] {
  const decision = decide(state, now);
  return decision.kind === 'verify'
    ? decision.windows.map((key) => nameOf(state.customers[key.customer]!.id, key))
    : [];
}

/** The run begins the check that it wants, which it must want. */
export const beginsCheck: Step = ({ state, now }) => {
  const decision = decide(state, now);
  if (decision.kind !== 'verify') throw new Error(`the run does not want to check, but to ${decision.kind}`);
  return { state: evolve(state, { kind: 'checkStarted', at: now, windows: decision.windows }), now: now + 1_000 };
};

/** The check under way of what waits for one has counted 100 conversations a day, and so many missing on these days. */
export const finds =
  (missing: Record<string, number> = {}, before?: Story): Step =>
  ({ state, now }) => {
    const asked = (before?.state ?? state).customers.flatMap(({ id, windows }, customer) =>
      windows.checking.flatMap(({ hours, endedAt, startedAt: asOf }) =>
        hours.map((part) => ({ id, key: { customer, hours: part, endedAt, asOf } })),
      ),
    );
    const windows = asked.map(({ id, key }) => ({
      ...key,
      days: [...byDay([key.hours])].map((part): [number, number, number] => {
        return [dayOf(part[0]), 100, missing[`${id}-${formatDay(part[0])}`] ?? 0];
      }),
    }));
    return { state: evolve(state, { kind: 'windowsChecked', at: now, windows }), now: now + 1_000 };
  };

export const isChecked = (missing: Record<string, number> = {}): Step => {
  return (story) => finds(missing)(beginsCheck(story));
};
