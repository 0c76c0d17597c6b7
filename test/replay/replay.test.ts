import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, Runtime, Worker, type WorkflowBundleOption } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { OTHER_ORDER } from '../../scripts/dev/altered-build.js';
import { COMMANDS } from '../../src/backfill/commands/command.js';
import { asHistory, type RecordedHistory, recordedHistories } from '../support/histories.js';
import { type HistoryEvent, inputsOf, kindsOf } from '../support/history-events.js';

const codePath = fileURLToPath(new URL('../../dist/workflows.bundle.js', import.meta.url));
const histories = recordedHistories();
const recorded = (name: string) => structuredClone(histories.find((history) => history.name === name)!);

beforeAll(() => {
  // What a replay finds is in its result; here it is often wanted.
  const filter = { core: 'OFF', other: 'OFF' } as never;
  Runtime.install({
    logger: new DefaultLogger('ERROR', () => {}),
    telemetryOptions: { logging: { filter, forward: {} } },
  });
});

/** What a replay finds wrong with each history, by its name. */
async function replayed(list: RecordedHistory[], workflowBundle: WorkflowBundleOption = { codePath }) {
  const errors: Record<string, string | undefined> = {};
  // Named by the file, since all runs of a chain have one workflow id; no workflow here reads its own.
  const inputs = list.map((history) => ({ workflowId: history.name, history: asHistory(history) }));
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle }, inputs)) {
    errors[workflowId] = error && `${error.name}: ${error.message}`;
  }
  return errors;
}

/** The names of the commands that came as signals, and of those that came as Updates. */
function commandsIn(list: RecordedHistory[]) {
  const events = list.flatMap((history) => asHistory(history).events);
  return {
    signals: new Set(events.map((event) => event.workflowExecutionSignaledEventAttributes?.signalName)),
    updates: new Set(
      events.map((event) => event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input?.name),
    ),
  };
}

describe('Every recorded history', () => {
  it('replays under the workflow as it is now', async () => {
    const none = Object.fromEntries(histories.map(({ name }) => [name, undefined]));
    expect(await replayed(histories)).toEqual(none);
  });

  it('includes one that continued as new with windows in flight', () => {
    const [first] = asHistory(recorded('continue-as-new.2')).events;
    expect(first?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId).toBeTruthy();
    const kinds = kindsOf(asHistory(recorded('continue-as-new.2')).events);
    expect(kinds.indexOf('activityTaskScheduled')).toBeLessThan(kinds.indexOf('startChildWorkflowExecutionInitiated'));
  });

  it('includes checks of completed windows, and a run that continued as new between two of them', () => {
    const checks = (name: string) =>
      inputsOf(asHistory(recorded(name)).events as HistoryEvent[], 'checkWindows').length;
    // The first check of a run asks whether the worker can check at all.
    expect(checks('verified')).toBeGreaterThan(1);
    expect(checks('repaired')).toBeGreaterThan(1);
    expect(checks('repaired.2')).toBeGreaterThan(0);
  });

  it('together have every command, as a signal and as an Update', () => {
    const { signals, updates } = commandsIn(histories);
    for (const name of [...Object.keys(COMMANDS), 'reset-day']) {
      expect(signals).toContain(name);
      expect(updates).toContain(name);
    }
  });
});

describe('A replay fails', () => {
  it('on a history in which a window has another id', async () => {
    const history = recorded('sequential');
    const start = history.events.find((event) => event.startChildWorkflowExecutionInitiatedEventAttributes);
    (start!.startChildWorkflowExecutionInitiatedEventAttributes as { workflowId: string }).workflowId += '-altered';
    expect((await replayed([history])).sequential).toMatch(/DeterminismViolationError/);
  });

  it('on a history that lacks the start of a window', async () => {
    const history = recorded('sequential');
    const kept = history.events.findIndex((event) => event.startChildWorkflowExecutionInitiatedEventAttributes);
    const without = { ...history, events: history.events.filter((_, index) => index !== kept) };
    expect((await replayed([without])).sequential).toBeDefined();
  });

  it('under a workflow that takes customers in another order', async () => {
    const code = await readFile(codePath, 'utf8');
    const [, order, other] = OTHER_ORDER;
    expect(code.split(order)).toHaveLength(2);
    const altered = { code: code.replace(order, other) };
    const { sequential, 'invalid-input': untouched } = await replayed(
      [recorded('sequential'), recorded('invalid-input')],
      altered,
    );
    expect(sequential).toMatch(/DeterminismViolationError/);
    expect(untouched).toBeUndefined();
  });
});
