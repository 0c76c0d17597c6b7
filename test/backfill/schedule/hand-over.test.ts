import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Due, handOver, MAX_MESSAGES, OVERTIME, type TaskView } from '../../../src/backfill/schedule/hand-over.js';
import { MINUTE, START } from '../../support/core.js';

const calm: TaskView = {
  now: START,
  historyLength: 100,
  continueAsNewSuggested: false,
  newVersion: false,
  stayed: false,
  age: MINUTE,
  messages: 0,
  answersUpdate: false,
  preparing: false,
  cancelling: false,
  inFlight: 8,
  usualDuration: () => 10 * MINUTE,
};
const long: TaskView = { ...calm, historyLength: 4_096, continueAsNewSuggested: true };

const views: fc.Arbitrary<TaskView> = fc.record({
  now: fc.integer({ min: START, max: START + 60 * MINUTE }),
  historyLength: fc.integer({ min: 1, max: 51_200 }),
  continueAsNewSuggested: fc.boolean(),
  newVersion: fc.boolean(),
  stayed: fc.boolean(),
  age: fc.integer({ min: 0, max: 60 * MINUTE }),
  messages: fc.integer({ min: 0, max: 2 * MAX_MESSAGES }),
  answersUpdate: fc.boolean(),
  preparing: fc.boolean(),
  cancelling: fc.boolean(),
  inFlight: fc.nat(1_000),
  usualDuration: fc.integer({ min: 1, max: 60 * MINUTE }).map((ms) => () => ms),
});

/** A run's tasks: its history only grows, and so do time and the messages that it has handled. */
const tasks = fc.array(views, { minLength: 1, maxLength: 30 }).map((list): TaskView[] => {
  let [now, historyLength, messages] = [START, 0, 0];
  return list.map((view) => {
    now += view.now - START;
    historyLength += view.historyLength % 700;
    messages += view.messages % 200;
    return { ...view, now, historyLength, messages, continueAsNewSuggested: historyLength >= 4_096 };
  });
});

const looks = (list: readonly TaskView[]) => {
  let due: Due | undefined;
  return list.map((view) => {
    const look = handOver(view, due);
    due = look.due;
    return { view, look };
  });
};

describe('a hand-over', () => {
  it('comes at the hint, at the own length, and after many messages', () => {
    expect(handOver(calm, undefined).whenNoneStarts).toBe(false);
    for (const view of [long, { ...calm, maxHistoryEvents: 100 }, { ...calm, messages: MAX_MESSAGES }]) {
      expect(handOver(view, undefined)).toMatchObject({ whenNoneStarts: true, mayStart: true, mayCheck: false });
    }
  });

  it('to a new version comes at the first moment at which no start, answer or cancel would be lost', () => {
    fc.assert(
      fc.property(views, (view) => {
        const { due, mayStart, whenNoneStarts, until } = handOver(
          { ...view, newVersion: true, stayed: false },
          undefined,
        );
        const costsAnAnswer = view.answersUpdate && (view.preparing || view.messages < MAX_MESSAGES);
        if (view.cancelling || costsAnAnswer) expect({ due, whenNoneStarts }).toEqual({ whenNoneStarts: false });
        else if (whenNoneStarts) expect(due).toBeDefined();
        // Windows that are shorter than a replay end first, and that has an end.
        else expect({ mayStart, until }).toEqual({ mayStart: false, until: due!.drainUntil });
      }),
    );
  });

  it('to a new version that is taken back meanwhile does not come', () => {
    const { due } = handOver({ ...calm, newVersion: true }, undefined);
    expect(handOver(calm, due)).toEqual({ mayStart: true, mayCheck: true, whenNoneStarts: false });
  });

  it('to a new version that the run before did not get to is tried again only after some time or work', () => {
    const stuck = { ...calm, newVersion: true, stayed: true };
    expect(handOver(stuck, undefined).whenNoneStarts).toBe(false);
    expect(handOver({ ...stuck, age: 10 * MINUTE }, undefined).whenNoneStarts).toBe(true);
    expect(handOver({ ...stuck, historyLength: 250 }, undefined).whenNoneStarts).toBe(true);
  });

  it('leaves a run whose windows take minutes all of its slots, until the history is overdue', () => {
    const { due } = handOver(long, undefined);
    expect(handOver({ ...long, historyLength: 4_096 + OVERTIME }, due).mayStart).toBe(true);
    expect(handOver({ ...long, historyLength: 4_097 + OVERTIME }, due).mayStart).toBe(false);
  });

  it('waits for windows in flight only where they end so often that the server would refuse it repeatedly', () => {
    const waits = (inFlight: number, ms: number) =>
      !handOver({ ...long, inFlight, usualDuration: () => ms }, undefined).whenNoneStarts;
    expect([waits(50, 3_000), waits(50, 4_000)]).toEqual([true, false]);
    expect([waits(1, 300), waits(1, 600)]).toEqual([true, false]);
    const short = { ...long, usualDuration: () => 500 };
    const first = handOver(short, undefined);
    expect(first).toMatchObject({ whenNoneStarts: false, mayStart: false, until: START + 4_096 });
    expect(handOver({ ...short, inFlight: 0 }, first.due).whenNoneStarts).toBe(true);
    expect(handOver({ ...short, now: START + 4_096 }, first.due).whenNoneStarts).toBe(true);
  });

  it('never takes a cancelled run, or the answer of an Update, with it', () => {
    fc.assert(
      fc.property(views, (view) => {
        const { whenNoneStarts } = handOver(view, undefined);
        if (view.cancelling) expect(whenNoneStarts).toBe(false);
        if (view.answersUpdate && view.messages < MAX_MESSAGES) expect(whenNoneStarts).toBe(false);
      }),
    );
  });

  it('comes before the server ends the run: overdue, nothing starts that could keep it from coming', () => {
    fc.assert(
      fc.property(tasks, (list) => {
        for (const { view, look } of looks(list)) {
          const since = look.due?.historyLength ?? view.historyLength;
          const blocked = view.cancelling || view.answersUpdate;
          if (!blocked && view.historyLength - since > OVERTIME) expect(look.mayStart).toBe(false);
          // Draining has an end, to which the shell wakes up.
          if (look.due && !look.mayStart && !look.whenNoneStarts) expect(look.until).toBeGreaterThan(view.now);
        }
      }),
    );
  });

  it('is asked for by nothing but these facts: the same tasks give the same looks', () => {
    fc.assert(
      fc.property(tasks, (list) => {
        expect(looks(list)).toEqual(looks(list));
      }),
    );
  });
});
