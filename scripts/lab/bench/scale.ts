import type { Row } from './result.js';
import { run } from './sides.js';
import type { Stack } from './stack.js';
import { exponent } from './statistics.js';

const CUSTOMERS = 260;

/** A cluster's month as one run, and how its cost grows with the days asked for. */
export async function measureScale(stack: Stack, quick: boolean, say: (line: string) => void): Promise<Row[]> {
  const section = `One run of ${CUSTOMERS} customers, 60 windows in flight`;
  const rows: Row[] = [];
  const points: { x: number; y: number }[] = [];
  await run(stack, { side: 'ours', flight: 60, windows: CUSTOMERS, customers: CUSTOMERS });
  for (const days of quick ? [1, 2, 4] : [4, 8, 31]) {
    const windows = CUSTOMERS * days;
    // What it throws on: a window that did not run, or ran twice, or a day that is not done.
    const ran = await run(stack, { side: 'ours', flight: 60, windows, customers: CUSTOMERS });
    say(`${windows} windows in ${(ran.wallMs / 1_000).toFixed(1)} s, ${ran.runs} runs`);
    points.push({ x: windows, y: ran.parentCpuMs });
    const named = windows.toLocaleString('en-US');
    rows.push(
      { section, name: `${named} windows, all correct: wall time`, unit: 's', values: [ran.wallMs / 1_000] },
      { section, name: `${named} windows: CPU of the worker`, unit: 's', values: [ran.parentCpuMs / 1_000] },
      { section, name: `${named} windows: runs`, unit: 'histories', values: [ran.runs] },
    );
  }
  const name = 'CPU of the worker grows with the windows to the power of';
  return [...rows, { section, name, unit: '', values: [exponent(points)], goal: { most: 1.05 } }];
}
