import { median } from './statistics.js';

/** A line of the result: what was measured, in several runs, and what it is to be. */
export interface Row {
  section: string;
  name: string;
  unit: string;
  /** Of each run; the table shows their median and spread. */
  values: number[];
  goal?: { least: number } | { most: number };
  /** What a reader must know of it. */
  note?: string;
}

export const reached = ({ values, goal }: Row): boolean => {
  if (!goal) return true;
  const value = median(values);
  // What was not measured has reached nothing: NaN compares as false.
  return 'least' in goal ? value >= goal.least : value <= goal.most;
};

/** The rows in columns, each section under its name. */
export function table(rows: readonly Row[]): string {
  const cells = rows.map((row) => [row.name, figure(median(row.values)), spread(row.values), row.unit, verdict(row)]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((line) => line[column]!.length)));
  return rows
    .map(({ section, note }, i) => {
      const [name, ...others] = cells[i]!;
      const line = [
        name!.padEnd(widths[0]!),
        ...others.map((cell, j) => (j < 2 ? cell.padStart(widths[j + 1]!) : cell.padEnd(widths[j + 1] ?? 0))),
      ];
      const title = section === rows[i - 1]?.section ? [] : ['', section];
      return [...title, `  ${line.join('  ')}`.trimEnd(), ...(note ? [`    ${note}`] : [])].join('\n');
    })
    .join('\n');
}

function verdict(row: Row): string {
  if (!row.goal) return '';
  const goal = 'least' in row.goal ? `at least ${row.goal.least}` : `at most ${row.goal.most}`;
  return `${reached(row) ? 'reached' : 'MISSED'}: ${goal}`;
}

function spread(values: readonly number[]): string {
  return values.length < 2 ? '' : `${figure(Math.min(...values))}–${figure(Math.max(...values))}`;
}

/** Three digits. */
function figure(value: number): string {
  if (!Number.isFinite(value)) return 'not measured';
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}
