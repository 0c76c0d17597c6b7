/** What an operator types, with nothing but a dev server, the two workers and the `temporal` CLI. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, inject, it } from 'vitest';
import type { LogView } from '../../src/backfill/views/log.js';
import type { Progress } from '../../src/backfill/views/progress.js';
import type { Report } from '../../src/backfill/views/report.js';
import { useRig } from '../support/harness.js';
import { until, untilDone } from '../support/run.js';

// The queues of README's examples: no other test file uses them.
useRig({ taskQueue: 'backfill-scorecards', childQueue: 'ingestion' });

const run = promisify(execFile);

/** Runs the CLI as typed, but for the namespace and the address. `more` is what the shell would have to quote. */
async function temporal(typed: string, ...more: string[]): Promise<string> {
  const common = ['--namespace', 'ingestion', '--address', inject('address')];
  const { stdout } = await run(inject('cliPath'), [...typed.split(' '), ...more, ...common]);
  return stdout;
}

/** What the CLI says when it refuses. */
async function refused(typed: string, ...more: string[]): Promise<string> {
  try {
    await temporal(typed, ...more);
  } catch (error) {
    return (error as { stderr: string }).stderr;
  }
  throw new Error(`the CLI did not refuse: temporal ${typed}`);
}

const start = (workflowId: string, input: object) =>
  temporal(
    `workflow start --type backfillScorecards --task-queue backfill-scorecards --workflow-id ${workflowId} --input`,
    JSON.stringify(input),
  );

async function query<T>(workflowId: string, name: string, ...more: string[]): Promise<T> {
  const typed = `workflow query --output json --workflow-id ${workflowId} --type ${name}`;
  const { queryResult } = JSON.parse(await temporal(typed, ...more)) as { queryResult: T[] | T };
  return Array.isArray(queryResult) && name !== 'log' ? queryResult[0]! : (queryResult as T);
}

const progress = (workflowId: string) => query<Progress>(workflowId, 'progress');
const untilProgress = (workflowId: string, wanted: (progress: Progress) => boolean) =>
  until(() => progress(workflowId), wanted);

const signal = (workflowId: string, name: string, input: string) =>
  temporal(`workflow signal --workflow-id ${workflowId} --name ${name} --input`, input);

const update = (workflowId: string, name: string) =>
  `workflow update execute --output json --workflow-id ${workflowId} --name ${name} --input`;

async function result(workflowId: string): Promise<Report> {
  const shown = await temporal(`workflow result --output json --workflow-id ${workflowId}`);
  return (JSON.parse(shown) as { result: Report }).result;
}

const letters = ({ customers }: Progress) => customers.map(({ id, days }) => `${id} ${days}`);

describe('With nothing but the temporal CLI', () => {
  it('the first example of the README runs cvs and oportun to the end', async () => {
    const workflowId = 'backfillscorecards-us-west-2-prod-2026-01';
    await start(workflowId, { customers: ['cvs', 'oportun'], start: '2026-01-01', end: '2026-02-01' });
    const report = await result(workflowId);
    expect(report).toMatchObject({
      outcome: 'completed',
      totals: { days: 62, done: 62, windows: { started: 62, completed: 62, failed: 0, adopted: 0 } },
    });
    const closed = await progress(workflowId);
    expect(letters(closed)).toEqual([`cvs ${'d'.repeat(31)}`, `oportun ${'d'.repeat(31)}`]);
    expect(closed.status).toBe('completed');
    const found = await until(
      () => temporal('workflow count --query', 'WorkflowId STARTS_WITH "reindexconversations-cvs-2026-01"'),
      (count) => count.includes('31'),
    );
    expect(found).toContain('31');
  });

  it('an operator pauses, resumes, resets a day twice, changes the limit and reads the result', async () => {
    const workflowId = 'backfillscorecards-story';
    const input = { customers: ['quick', 'slow-b'], start: '2026-01-01', end: '2026-01-04' };
    await start(workflowId, input);
    await untilProgress(workflowId, (now) => letters(now).join() === 'quick ddd,slow-b r..');

    const answer = JSON.parse(await temporal(update(workflowId, 'pause'), '{"reason":"lunch","by":"ana"}')) as object;
    expect(answer).toMatchObject({
      result: { command: 'pause', did: expect.stringContaining('1 window'), status: 'pausing' },
    });
    await finish('slow-b', '2026-01-01');
    await untilProgress(workflowId, ({ status }) => status === 'paused');
    await signal(workflowId, 'reset-day', '{"customer":"quick","day":"2026-01-02"}');
    const waiting = await untilProgress(workflowId, (now) => letters(now)[0] === 'quick d.d');
    expect(letters(waiting)).toEqual(['quick d.d', 'slow-b d..']);
    expect(waiting.totals.windows.started).toBe(4);

    expect(await refused(update(workflowId, 'resetDay'), '{"customer":"quick","day":"2026-02-02"}')).toContain(
      "2026-02-02 is outside quick's range, 2026-01-01 to 2026-01-03",
    );
    expect(await refused(update(workflowId, 'resetDay'), '{"customer":"cbs","day":"2026-01-02"}')).toContain(
      'is not in this run; it has quick, slow-b',
    );
    await signal(workflowId, 'resetDay', '{"customer":"cbs","day":"2026-01-02"}');
    await signal(workflowId, 'resume-run', '{}');
    const { rejected } = await untilProgress(workflowId, ({ rejected }) => rejected.length === 2);
    expect(rejected).toMatchObject([
      { command: 'resetDay', reason: 'customer "cbs" is not in this run; it has quick, slow-b' },
      { command: 'resume-run', reason: 'unknown command "resume-run"; did you mean resume?' },
    ]);

    await temporal(update(workflowId, 'setParallelism'), '{"max":3,"perCustomer":2}');
    await signal(workflowId, 'resume', '{"by":"ana"}');
    const resumed = await untilProgress(workflowId, (now) => letters(now).join() === 'quick ddd,slow-b drr');
    expect(resumed.parallelism).toMatchObject({ max: 3, perCustomer: 2, inFlight: 2 });
    await temporal(update(workflowId, 'reset_day'), '{"customer":"quick","day":"2026-01-02"}');
    await untilProgress(workflowId, ({ totals }) => totals.windows.completed === 6);
    await finish('slow-b', '2026-01-02');
    await finish('slow-b', '2026-01-03');

    expect(await result(workflowId)).toMatchObject({
      totals: { days: 6, done: 6, windows: { started: 8, completed: 8 } },
    });
    const log = await query<LogView[][]>(workflowId, 'log');
    expect(
      log
        .flat()
        .filter(({ what }) => what !== 'decision')
        .map(({ what, by }) => (by ? `${what} by ${by}` : what)),
    ).toEqual(['pause by ana', 'resetDay', 'setParallelism', 'resume by ana', 'resetDay']);
    const customer = await query<{ counts: object }>(workflowId, 'customer', '--input', '{"customer":"quick"}');
    expect(customer.counts).toMatchObject({ completed: 5 });
  });

  it('an operator reads every wrong field of a run that was refused', async () => {
    const workflowId = 'backfillscorecards-bad';
    await start(workflowId, { customers: ['cvs', 'cvs'], start: '2026-02-30', end: '2026-03-02', window: '0d' });
    expect(await refused(`workflow result --workflow-id ${workflowId}`)).toContain('failed');
    const shown = await temporal(`workflow show --workflow-id ${workflowId}`);
    for (const field of ['customers[1]', 'start: expected a UTC day', 'window: expected a size'])
      expect(shown).toContain(field);
  });

  it('an operator cancels a run with its windows, or terminates it and leaves them to the next run', async () => {
    const input = { customers: ['slow-c'], start: '2026-01-01', end: '2026-01-02' };
    const window = 'reindexconversations-slow-c-2026-01-01';
    const windowIs = (status: string) =>
      until(
        () => temporal(`workflow describe --output json --workflow-id ${window}`).catch(() => ''),
        (description) => description.includes(`WORKFLOW_EXECUTION_STATUS_${status}`),
      );
    await start('backfillscorecards-terminated', input);
    await windowIs('RUNNING');
    await temporal('workflow terminate --reason on-call --workflow-id backfillscorecards-terminated');
    await windowIs('RUNNING');
    await start('backfillscorecards-cancelled', input);
    await untilProgress('backfillscorecards-cancelled', ({ totals }) => totals.windows.adopted === 1);
    await temporal('workflow cancel --workflow-id backfillscorecards-cancelled');
    await windowIs('CANCELED');
    await untilProgress('backfillscorecards-cancelled', ({ status }) => status === 'cancelled');
  });
});

async function finish(customer: string, window: string): Promise<void> {
  const workflowId = `reindexconversations-${customer}-${window}`;
  await untilDone(() => signal(workflowId, 'finish', 'null'));
}
