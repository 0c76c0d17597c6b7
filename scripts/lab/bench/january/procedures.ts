import type { Progress } from '../../../../src/backfill/views/progress.js';
import { ByHand } from './by-hand.js';
import { type Whales, windowsOf } from './fleet.js';
import type { Sampler } from './sampler.js';
import type { Stack } from './stack.js';

export interface Procedure {
  name: string;
  /** What its windows' workflow ids start with. */
  prefix: string;
  /**
   * Works until done, or until the signal says that it takes too long. Says what happens, and gives the days (of all
   * customers) that it left undone.
   */
  run(parts: Parts): Promise<number>;
}

interface Parts {
  stack: Stack;
  whales: Whales;
  /** Of its windows' workflow ids this time. */
  prefix: string;
  sampler: Sampler;
  /** The 99th percentile of a live transaction while nothing else happens, in ms. */
  quietMs: number;
  signal: AbortSignal;
  say: (line: string) => void;
}

/** When an operator steps in: so many blocked sessions for so long. */
const STRESS = { sessions: 10, ms: 5_000 };
const WIDE = 60;

/** What was done by hand in January 2026, without the hours that people took to look, to decide and to write scripts. */
const january: Procedure = {
  name: 'as in January, by hand',
  prefix: 'january-by-hand',
  async run({ stack, prefix, sampler, signal, say }) {
    const { scenario } = stack;
    const byHand = new ByHand(stack, prefix);
    const idsOf = (windows: readonly { customerId: string }[]) => [...new Set(windows.map((w) => w.customerId))];
    const everyone = scenario.customers.map(({ id }) => id);

    let failed = idsOf(await byHand.run(windowsOf(scenario, everyone, 31), everyone.length, signal));
    say(`a month each, all at once: failed ${failed.join(', ') || 'none'}`);
    failed = idsOf(await byHand.run(windowsOf(scenario, failed, 31), failed.length, signal));
    say(`again: failed ${failed.join(', ') || 'none'}`);
    const tens = await byHand.run(windowsOf(scenario, failed, 10), 4 * failed.length, signal);
    say(`ten days each: ${tens.length} windows failed`);
    failed = idsOf(tens);

    const operator = new AbortController();
    const watching = new AbortController();
    const steppedIn = sampler
      .stress(STRESS.sessions, STRESS.ms, AbortSignal.any([watching.signal, signal]))
      .then(() => operator.abort())
      .catch(() => {});
    const days = windowsOf(scenario, failed, 1);
    const left = await byHand.run(days, days.length, AbortSignal.any([operator.signal, signal]));
    watching.abort();
    await steppedIn;
    const how = operator.signal.aborted ? ', cancelled by an operator of the database' : '';
    say(`all ${days.length} days at once: ${left.length} not completed${how}`);
    if (left.length === 0) return 0;
    // Days that completed were not told apart from those that did not.
    return finish(byHand, days, 1, signal, say);
  },
};

const wide: Procedure = {
  name: `days, ${WIDE} at once`,
  prefix: 'january-wide',
  async run({ stack, prefix, signal, say }) {
    const everyone = stack.scenario.customers.map(({ id }) => id);
    return finish(new ByHand(stack, prefix), windowsOf(stack.scenario, everyone, 1), WIDE, signal, say);
  },
};

/** Runs what failed again until nothing is left. */
async function finish(
  byHand: ByHand,
  windows: readonly { customerId: string; from: number; to: number }[],
  atOnce: number,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<number> {
  let left = [...windows];
  while (left.length > 0 && !signal.aborted) {
    const before = left.length;
    left = await byHand.run(left, atOnce, signal);
    say(`${before} days, ${atOnce} at once: ${left.length} not completed`);
  }
  return left.length;
}

const sequential: Procedure = {
  name: 'days, one at a time',
  prefix: 'january-sequential',
  run: (parts) => backfill(parts, { window: '1d', parallelism: 1 }),
};

/** What the live load may take, in times of its quiet p99; at the second nothing starts. */
const LIVE = { slow: 1.5, bad: 3 };

const ours = (perCustomer: number | 'auto', byLive = false): Procedure => ({
  name: `ours, perCustomer ${perCustomer}${byLive ? ', live p99' : ''}`,
  prefix: `january-adaptive-${perCustomer}${byLive ? '-live' : ''}`,
  run: (parts) =>
    backfill(parts, {
      // Windows over the same day meet in that day's rows, so whales that are apart are so by whole days.
      window: { initial: 'auto', min: parts.whales === 'apart' ? '1d' : '6h', target: parts.stack.scenario.target },
      parallelism: { max: 12, min: 4, perCustomer, adaptive: true },
      probe: {
        maxLoad: {
          activeSessions: 12,
          blockedSessions: 3,
          deadlocksPerMinute: 3,
          ...(byLive && { liveP99Ms: LIVE.slow * parts.quietMs }),
        },
        criticalLoad: {
          activeSessions: 40,
          blockedSessions: 10,
          ...(byLive && { liveP99Ms: LIVE.bad * parts.quietMs }),
        },
        every: '1s',
      },
    }),
});
const single = ours(1);
const auto = ours('auto');
const live = ours('auto', true);

/** One run of the orchestrator, started as an operator would. */
async function backfill({ stack, prefix, signal, say }: Parts, pace: object): Promise<number> {
  const { scenario, client } = stack;
  const input = {
    ...scenario.range,
    cluster: scenario.cluster,
    customers: scenario.customers.map(({ id, conversations }) => ({ id, conversations })),
    child: {
      workflowIdPrefix: prefix,
      input: [
        {
          customerId: `\${customerId}`,
          startTime: `\${startTime}`,
          endTime: `\${endTime}`,
          options: scenario.windowOptions,
        },
      ],
    },
    operatorTimeout: '0s',
    ...pace,
  };
  const workflowId = `backfill-${prefix}`;
  const handle = await client.workflow.start('backfillScorecards', {
    taskQueue: 'backfill-scorecards',
    workflowId,
    args: [input],
  });
  const cancel = () => void handle.cancel().catch(() => {});
  signal.addEventListener('abort', cancel);
  await handle.result().catch((error: Error) => say(`the run ended: ${error.message}`));
  const { totals } = await handle.query<Progress>('progress');
  signal.removeEventListener('abort', cancel);
  const log = await handle.query<{ effect: string }[]>('log');
  const ofWriters = log.filter(({ effect }) => /\bwriters?\b/.test(effect));
  const last = log.slice(-15);
  for (const entry of log) if (ofWriters.includes(entry) || last.includes(entry)) say(`  ${entry.effect}`);
  return totals.days - totals.done;
}

export const PROCEDURES: Procedure[] = [january, sequential, wide, single, auto, live];
export { auto, january, live, sequential, single, wide };
