import type { Whales } from './fleet.js';
import type { Result } from './measure.js';
import { auto, january, live, sequential, single, wide } from './procedures.js';

const COLUMNS: [title: string, cell: (result: Result, quietMs: number) => string][] = [
  ['whales', ({ whales }) => whales],
  ['procedure', ({ name }) => name],
  ['wall time', ({ ms, stopped }) => `${stopped ? '> ' : ''}${(ms / 1_000).toFixed(1)} s`],
  ['windows', ({ windows }) => String(windows)],
  ['failed', ({ failed }) => String(failed)],
  ['time-outs', ({ timeouts }) => String(timeouts)],
  ['deadlocks', ({ deadlocks }) => String(deadlocks)],
  ['live p99', ({ liveMs }) => `${liveMs.toFixed(1)} ms`],
  ['of quiet', ({ liveMs }, quietMs) => (liveMs / quietMs).toFixed(1)],
  ['writers', ({ writers }) => String(writers)],
  ['most blocked', ({ peakBlocked }) => String(peakBlocked)],
  ['most active', ({ peakActive }) => String(peakActive)],
  ['days undone', ({ undone }) => String(undone)],
  ['missing', ({ missing }) => String(missing)],
];

export function table(results: readonly Result[], quietMs: number): string {
  const rows = [
    COLUMNS.map(([title]) => title),
    ...results.map((result) => COLUMNS.map(([, cell]) => cell(result, quietMs))),
  ];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) => row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '))
    .join('\n');
}

export interface Goal {
  reached: boolean;
  text: string;
}

/**
 * What `perCustomer: "auto"` is to reach, without and with the live load's p99 as a threshold, of what was measured with such whales;
 * `busy`: beside other work on the machine.
 */
export function goals(measured: readonly Result[], quietMs: number, whales: Whales, busy: boolean): Goal[] {
  const results = measured.filter((result) => result.whales === whales);
  const of = ({ name }: { name: string }) => results.find((result) => result.name === name);
  return [auto, live].flatMap((procedure) => {
    const mine = of(procedure);
    if (!mine) return [];
    const faster = (than: { name: string }, times: number): Goal[] => {
      const other = of(than);
      if (!other) return [];
      const ratio = other.ms / mine.ms;
      return [{ reached: ratio >= times, text: `${ratio.toFixed(2)} times as fast as ${than.name} (goal: ${times})` }];
    };
    const crowd = of(wide);
    const deadlocks = crowd
      ? [
          {
            reached: mine.deadlocks * 10 <= crowd.deadlocks,
            text: `${mine.deadlocks} deadlocks, ${crowd.deadlocks} with ${crowd.name} (goal: a tenth)`,
          },
        ]
      : [];
    const nothing = mine.missing === 0 && mine.wrongAggregates === 0 && mine.undone === 0;
    const times = mine.liveMs / quietMs;
    return [
      ...faster(january, busy ? 3 : 4),
      ...faster(sequential, 2),
      ...faster(single, whales === 'apart' ? 1.5 : 0.95),
      ...deadlocks,
      { reached: times <= 1.5, text: `live p99 ${times.toFixed(2)} times its quiet value (goal: at most 1.5)` },
      {
        reached: nothing,
        text: `${mine.missing} scorecards missing, ${mine.wrongAggregates} aggregates wrong, ${mine.undone} days undone (goal: 0)`,
      },
    ].map((goal) => ({ ...goal, text: `whales ${whales}, ${mine.name}: ${goal.text}` }));
  });
}
