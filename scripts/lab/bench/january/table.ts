import type { Result } from './measure.js';
import { january, ours, sequential, wide } from './procedures.js';

const COLUMNS: [title: string, cell: (result: Result) => string][] = [
  ['procedure', ({ name }) => name],
  ['wall time', ({ ms, stopped }) => `${stopped ? '> ' : ''}${(ms / 1_000).toFixed(1)} s`],
  ['windows', ({ windows }) => String(windows)],
  ['failed', ({ failed }) => String(failed)],
  ['time-outs', ({ timeouts }) => String(timeouts)],
  ['deadlocks', ({ deadlocks }) => String(deadlocks)],
  ['most blocked', ({ peakBlocked }) => String(peakBlocked)],
  ['most active', ({ peakActive }) => String(peakActive)],
  ['days undone', ({ undone }) => String(undone)],
  ['missing', ({ missing }) => String(missing)],
];

export function table(results: readonly Result[]): string {
  const rows = [COLUMNS.map(([title]) => title), ...results.map((result) => COLUMNS.map(([, cell]) => cell(result)))];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '))
    .join('\n');
}

export interface Goal {
  reached: boolean;
  text: string;
}

/** What the adaptive run is to reach, of what was measured. */
export function goals(results: readonly Result[]): Goal[] {
  const of = ({ name }: { name: string }) => results.find((result) => result.name === name);
  const mine = of(ours);
  if (!mine) return [];
  const faster = (than: { name: string }, times: number): Goal[] => {
    const other = of(than);
    if (!other) return [];
    const measured = other.ms / mine.ms;
    return [
      { reached: measured >= times, text: `${measured.toFixed(1)} times as fast as ${than.name} (goal: ${times})` },
    ];
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
  return [
    ...faster(january, 3),
    ...faster(sequential, 2),
    ...deadlocks,
    {
      reached: nothing,
      text: `${mine.missing} scorecards missing, ${mine.wrongAggregates} aggregates wrong, ${mine.undone} days undone (goal: 0)`,
    },
  ];
}
