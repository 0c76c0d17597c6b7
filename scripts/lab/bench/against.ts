import { type Job, SIDES, type Side } from './job.js';
import type { Ran } from './ran.js';
import type { Row } from './result.js';
import { run } from './sides.js';
import type { Stack } from './stack.js';
import { median } from './statistics.js';

/** The sections that are measured in the same runs: by each side in turn, so that what disturbs one disturbs all. */
export type Against = 'throughput' | 'cost' | 'events' | 'gap';

const FLIGHTS = [1, 10, 50];
const SERIES: readonly Side[] = ['client', 'smallest', 'ours', 'sliding'];
const EVENTS: Readonly<Record<number, number>> = { 1: 9.1, 10: 6.2, 50: 3.6 };
/** The next run's own start, first workflow task and end. */
const EVENTS_OF_A_RUN = 5;
/** Windows that take no time have ended before the next run could follow them. */
const CARRYING: Omit<Job, 'windows'> = { side: 'ours', flight: 50, maxHistoryEvents: 500, takesMs: 1_000 };

export async function measureAgainst(
  stack: Stack,
  sections: readonly Against[],
  quick: boolean,
  say: (line: string) => void,
): Promise<Row[]> {
  const rans: Ran[] = [];
  const rounds = quick ? 1 : sections.includes('cost') ? 5 : 3;
  await run(stack, { side: 'smallest', flight: 10, windows: 50 });
  await run(stack, { side: 'ours', flight: 10, windows: 50 });
  for (const flight of FLIGHTS) {
    const sides = SERIES.filter((side) => isNeeded(side, flight, sections));
    for (let round = 0; round < (sides.length > 0 ? rounds : 0); round++) {
      // Each round begins with another side: the first one is not always first after a pause.
      for (const [i] of sides.entries()) {
        const side = sides[(i + round) % sides.length]!;
        const ran = await run(stack, { side, flight, windows: windowsOf(side, flight, quick) });
        say(
          `${ran.windowsPerSecond.toFixed(1)} windows/s, ${cpu(ran).toFixed(2)} ms of CPU for each, ${flight} in flight: ${SIDES[side]}`,
        );
        rans.push(ran);
      }
    }
  }
  const carrying = sections.includes('events') ? await measureCarrying(stack, quick) : undefined;
  return [
    ...(sections.includes('throughput') ? throughput(rans) : []),
    ...(sections.includes('cost') ? cost(rans) : []),
    ...(carrying ? events(rans, carrying) : []),
    ...(sections.includes('gap') ? gap(rans) : []),
  ];
}

function isNeeded(side: Side, flight: number, sections: readonly Against[]): boolean {
  if (sections.includes('throughput')) return true;
  if (sections.includes('cost') && flight > 1 && (side === 'ours' || side === 'smallest')) return true;
  if (side === 'ours') return sections.includes('events') || (sections.includes('gap') && flight === 1);
  return side === 'smallest' && sections.includes('gap') && flight === 1;
}

/** With 50 in flight enough that parents continue as new; a rate of ten a second is known sooner. */
function windowsOf(side: Side, flight: number, quick: boolean): number {
  if (side === 'sliding') return quick ? 50 : 100;
  if (flight === 1) return quick ? 20 : 40;
  if (flight === 10) return quick ? 150 : 300;
  return quick ? 500 : 1_500;
}

const of = (rans: readonly Ran[], side: Side, flight: number) =>
  rans.filter((ran) => ran.side === side && ran.flight === flight);

/** Round by round, ours by theirs. */
function ratios(rans: readonly Ran[], flight: number, than: Side, measured = windowsPerSecond): number[] {
  const theirs = of(rans, than, flight);
  return of(rans, 'ours', flight).map((ran, i) => measured(ran) / measured(theirs[i]!));
}

const windowsPerSecond = (ran: Ran): number => ran.windowsPerSecond;
/** Seconds of the parent's worker for 1,000 windows: ms for each. */
const cpu = ({ parentCpuMs, windows }: Ran): number => parentCpuMs / windows;

function throughput(rans: readonly Ran[]): Row[] {
  return FLIGHTS.flatMap((flight): Row[] => {
    const section = `Throughput of empty windows, ${flight} in flight`;
    const rates = SERIES.map((side) => {
      const values = of(rans, side, flight).map(({ windowsPerSecond }) => windowsPerSecond);
      return { section, name: SIDES[side], unit: 'windows/s', values };
    });
    const times = (than: Side, least?: number): Row => ({
      section,
      name: `backfillScorecards by: ${SIDES[than]}`,
      unit: 'times',
      values: ratios(rans, flight, than),
      ...(least === undefined ? {} : { goal: { least } }),
    });
    if (flight < 50) return [...rates, times('client'), times('smallest'), times('sliding')];
    const runs = of(rans, 'ours', flight).map((ran) => ran.runs);
    return [
      ...rates,
      times('client', 0.95),
      times('smallest', 1),
      times('sliding', 5),
      { section, name: 'runs of backfillScorecards', unit: 'histories', values: runs },
    ];
  });
}

/** What the parent's worker takes for its windows, beside what is the least. */
function cost(rans: readonly Ran[]): Row[] {
  return FLIGHTS.filter((flight) => flight > 1).flatMap((flight): Row[] => {
    const section = `Cost of empty windows, ${flight} in flight`;
    const name = `backfillScorecards by: ${SIDES.smallest}`;
    const times = { section, unit: 'times' };
    return [
      ...(['smallest', 'ours'] as const).map((side) => ({
        section,
        name: `CPU for 1,000 windows: ${SIDES[side]}`,
        unit: 's',
        values: of(rans, side, flight).map(cpu),
      })),
      { ...times, name: `windows/s, ${name}`, values: ratios(rans, flight, 'smallest'), goal: { least: 0.95 } },
      { ...times, name: `CPU, ${name}`, values: ratios(rans, flight, 'smallest', cpu), goal: { most: 1.3 } },
    ];
  });
}

/** The same windows in runs that hand over often, and in one that never does. */
async function measureCarrying(stack: Stack, quick: boolean): Promise<{ ran: Ran; plain: Ran }> {
  const windows = quick ? 500 : 750;
  const { maxHistoryEvents: _, ...never } = CARRYING;
  return { ran: await run(stack, { ...CARRYING, windows }), plain: await run(stack, { ...never, windows }) };
}

function events(rans: readonly Ran[], { ran, plain }: { ran: Ran; plain: Ran }): Row[] {
  const section = 'History events of the parent for each window';
  const perWindow = (side: Side, flight: number) => of(rans, side, flight).map((ran) => ran.events / ran.windows);
  const rows = FLIGHTS.flatMap((flight): Row[] => [
    {
      section,
      name: `${flight} in flight`,
      unit: 'events',
      values: perWindow('ours', flight),
      goal: { most: EVENTS[flight]! },
    },
    { section, name: `${flight} in flight: ${SIDES.smallest}`, unit: 'events', values: perWindow('smallest', flight) },
  ]);
  const nextRuns = ran.runs - 1;
  const more = (ran.events - nextRuns * EVENTS_OF_A_RUN - plain.events) / ran.carried;
  return [
    ...rows.filter(({ values }) => values.length > 0),
    {
      section,
      name: 'more for a window carried over',
      unit: 'events',
      values: [more],
      goal: { most: 4 },
      note: `${ran.carried} carried into ${nextRuns} next runs, whose own ${EVENTS_OF_A_RUN} events are not counted`,
    },
  ];
}

function gap(rans: readonly Ran[]): Row[] {
  const section = "From a window's end to the next one's first task, one in flight";
  const medians = (side: Side) => of(rans, side, 1).map(({ gaps }) => median(gaps));
  const smallest = medians('smallest');
  const ours = medians('ours');
  return [
    { section, name: SIDES.smallest, unit: 'ms', values: smallest },
    { section, name: SIDES.ours, unit: 'ms', values: ours },
    {
      section,
      name: `backfillScorecards by: ${SIDES.smallest}`,
      unit: 'times',
      values: ours.map((value, i) => value / smallest[i]!),
      goal: { most: 1.05 },
    },
  ];
}
