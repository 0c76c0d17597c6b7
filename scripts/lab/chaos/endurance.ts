import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { Progress } from '../../../src/backfill/views/progress.js';
import type { Report } from '../../../src/backfill/views/report.js';
import { MANY_SHARDS } from '../../dev/temporal-server.js';
import { neverTwiceAtOnce } from './checks.js';
import { type Execution, executionsOf, listAll, microseconds } from './executions.js';
import { type Gap, gapsOf, inFlightBy, meanInFlight, percentile } from './gaps.js';
import { insist, type Stack, startStack } from './stack.js';

const SLOTS = 8;
const CUSTOMERS = 20;
/** A history this long holds about eighty windows, so that 2,000 make more than twenty runs. */
const EVENTS = 400;
const WINDOW_MS = '1000-5000';
/** Few enough that Temporal does not ask this run to continue as new. */
const CONTROL_WINDOWS = 400;
const ASK_EVERY_MS = 200;
/** How much more of the time than in the control the server may have fewer than seven in flight. */
const SHORT_ALLOWED = 0.005;

/**
 * A run that continues as new many times keeps its slots full, and runs each window once. Windows take times of their
 * own, since equal ones that start together end together.
 *
 * In flight is counted twice. By the run itself, asked by its `progress` query all the time: never fewer than seven of
 * eight while windows wait. And from the server's own start and close times: there, between a close and the next start,
 * lies a turnaround (the close travels to the backfill, its worker decides, the start travels back) in which a slot is
 * empty, whatever the backfill does: two windows that end together make six. So what counts is how much of the time
 * fewer than seven are in flight, beside a control, the same kind of run but short enough never to continue as new. A
 * hand-over that the server refuses, because a window has ended meanwhile, costs a replay of the history.
 *
 * @returns what is wrong; empty if nothing
 */
export async function endurance(windows: number, say: (line: string) => void): Promise<string[]> {
  const stack = await startStack({
    withDatabase: false,
    dynamicConfig: MANY_SHARDS,
    environment: () => ({ REFERENCE_WINDOW_MS: WINDOW_MS }),
  });
  try {
    const control = await measure(stack, 'control', CONTROL_WINDOWS, undefined);
    const controlGaps = gapsOf(control.executions, SLOTS);
    say(`control: ${control.executions.length} windows in ${control.handovers.length + 1} run(s)`);
    tellOwn(control, say);
    tell(controlGaps, say);

    const long = await measure(stack, 'endurance', windows, EVENTS);
    const gaps = gapsOf(long.executions, SLOTS);
    const across = gaps.filter((gap) => long.handovers.some((at) => gap.from <= at && at <= gap.to));
    const within = gaps.filter((gap) => !across.includes(gap));
    const { short } = inFlightBy(gaps, SLOTS, SLOTS - 1);
    const allowed = inFlightBy(controlGaps, SLOTS, SLOTS - 1).short + SHORT_ALLOWED;
    say(
      `endurance: ${long.executions.length} windows, ${long.handovers.length} times continued as new, ${long.refused} times refused at first`,
    );
    tellOwn(long, say);
    tell(gaps, say);
    say(`  gaps within a run: ${lengths(within)}`);
    say(`  gaps across continue-as-new: ${lengths(across)}`);

    const problems = [...control.problems, ...long.problems];
    if (control.handovers.length > 0) problems.push('the control continued as new, so it is no control');
    const wanted = Math.floor(windows / 100);
    if (long.handovers.length < wanted) problems.push(`continued as new ${long.handovers.length} times, not ${wanted}`);
    if (long.own.fewest < SLOTS - 1) {
      problems.push(`${long.own.fewest} in flight by the run itself while work was left, expected ${SLOTS - 1}`);
    }
    if (short > allowed) {
      problems.push(
        `fewer than ${SLOTS - 1} in flight for ${percent(short)} of the time, expected ${percent(allowed)}`,
      );
    }
    for (const problem of problems) say(`  FAILED: ${problem}`);
    return problems;
  } finally {
    await stack.stop();
  }
}

function tell(gaps: readonly Gap[], say: (line: string) => void): void {
  const { fewest, short } = inFlightBy(gaps, SLOTS, SLOTS - 1);
  const mean = meanInFlight(gaps, SLOTS).toFixed(2);
  say(
    `  by the server: turnaround ${lengths(gaps)}; in flight: mean ${mean}, fewest ${fewest}, under ${SLOTS - 1} for ${percent(short)} of the time`,
  );
}

const percent = (share: number) => `${(100 * share).toFixed(2)}%`;

function tellOwn({ own }: Measured, say: (line: string) => void): void {
  say(`  by the run itself: fewest in flight while windows wait ${own.fewest}, asked ${own.answers} times`);
}

const lengths = (gaps: readonly Gap[]) =>
  `${gaps.length}, median ${Math.round(percentile(gaps, 50))} ms, 99% ${Math.round(percentile(gaps, 99))} ms, longest ${Math.round(percentile(gaps, 100))} ms`;

interface Measured {
  executions: Execution[];
  /** When a run continued as new, in µs. */
  handovers: number[];
  /** How often the server refused a task of the run, such as one that was to continue as new. */
  refused: number;
  /** What `progress` said while windows waited, from when all slots were first taken. */
  own: { fewest: number; answers: number };
  problems: string[];
}

async function measure(
  { client }: Stack,
  name: string,
  windows: number,
  maxHistoryEvents: number | undefined,
): Promise<Measured> {
  const days = Math.ceil(windows / CUSTOMERS);
  const start = '2026-01-01';
  const end = new Date(Date.parse(start) + days * 86_400_000).toISOString().slice(0, 10);
  const customers = Array.from({ length: CUSTOMERS }, (_, i) => `${name}-${i}`);
  const workflowId = `backfillscorecards-${name}`;
  // Of any customer as many as there are slots: else the last customers' chains would leave slots empty at the end.
  const parallelism = { max: SLOTS, perCustomer: SLOTS };
  const input = { customers, start, end, parallelism, ...(maxHistoryEvents && { maxHistoryEvents }) };
  const handle = await client.workflow.start('backfillScorecards', {
    workflowId,
    taskQueue: 'backfill-scorecards',
    args: [input],
  });
  const asking = new AbortController();
  const asked = ownAccount(handle, asking.signal);
  const { totals } = (await insist(() => handle.result(), 3_600_000)) as Report;
  asking.abort();

  const executions = await executionsOf(client, `${name}-`);
  const problems = neverTwiceAtOnce(executions);
  const expected = days * CUSTOMERS;
  if (totals.done !== expected) problems.push(`${name}: ${totals.done} of ${expected} days done`);
  if (executions.length !== expected) problems.push(`${name}: ${executions.length} executions of ${expected} windows`);
  const distinct = new Set(executions.map((one) => one.workflowId)).size;
  if (distinct !== executions.length) problems.push(`${name}: ${executions.length - distinct} windows ran again`);
  const failed = executions.filter(({ status }) => status !== 'COMPLETED').length;
  if (failed > 0) problems.push(`${name}: ${failed} windows did not complete`);
  return { executions, ...(await chainOf(client, workflowId)), own: await asked, problems };
}

async function ownAccount(handle: WorkflowHandle, signal: AbortSignal): Promise<Measured['own']> {
  let fewest: number | undefined;
  let answers = 0;
  while (!signal.aborted) {
    const { totals } = await insist(() => handle.query<Progress>('progress'));
    const { started, completed } = totals.windows;
    const full = fewest !== undefined || started - completed === SLOTS;
    if (full && totals.waiting > 0) {
      fewest = Math.min(fewest ?? SLOTS, totals.running);
      answers++;
    }
    await sleep(ASK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
  return { fewest: fewest ?? 0, answers };
}

async function chainOf(client: Stack['client'], workflowId: string): Promise<Pick<Measured, 'handovers' | 'refused'>> {
  const runs = await listAll(client, `WorkflowId = "${workflowId}"`);
  const handovers: number[] = [];
  let refused = 0;
  for (const { runId } of runs) {
    const handle = client.workflow.getHandle(workflowId, runId);
    const { status, raw } = await handle.describe();
    if (status.name === 'CONTINUED_AS_NEW') handovers.push(microseconds(raw.workflowExecutionInfo!.closeTime)!);
    const { events } = await handle.fetchHistory();
    refused += (events ?? []).filter((event) => event.workflowTaskFailedEventAttributes).length;
  }
  return { handovers, refused };
}
