import { formatDuration } from '../../backfill/hours/duration.js';
import type { Plan } from '../../backfill/views/plan.js';
import { onOneLine } from '../../one-line.js';
import { type Cell, columns } from '../lines/columns.js';
import { count, counted } from '../lines/format.js';
import { fact, LABEL_WIDTH, type Line, styled } from '../lines/line.js';
import { wrapped } from '../lines/wrapping.js';

const MOST_CUSTOMERS = 40;

/** A plan as lines for a terminal of this width. */
export function planLines(cluster: string, plan: Plan, width: number): Line[] {
  const { totals, parallelism, criticalPath, range } = plan;
  const shown = plan.customers.slice(0, MOST_CUSTOMERS);
  const rows = shown.map(({ id, windows, window, conversations, durationMs }): Cell[] => [
    id,
    count(windows),
    window,
    conversations === null ? '?' : count(conversations),
    formatDuration(durationMs),
  ]);
  const right = { align: 'right' } as const;
  const table = columns(
    [
      { title: 'customer' },
      { title: 'windows', ...right },
      { title: 'size', ...right },
      { title: 'conversations', ...right },
      { title: 'alone', ...right },
    ],
    rows,
  );
  const more = totals.customers - shown.length;
  const adaptive = parallelism.adaptive ? ', adaptive' : '';
  const facts: Line[] = [
    fact(
      'windows',
      `${count(totals.windows)} for ${counted(totals.customers, 'customer')}, at most ${parallelism.max} at once${adaptive}`,
    ),
    fact('duration', `about ${plan.expectedDuration}, if ${plan.assumption}`),
  ];
  if (criticalPath) {
    const { customer, windows, durationMs } = criticalPath;
    facts.push(fact('longest', `${customer}, ${counted(windows, 'window')} in ${formatDuration(durationMs)}`));
  }
  const warnings = plan.warnings.map((warning): Line => [styled('! ', 'yellow'), onOneLine(warning)]);
  return [
    ...wrapped([styled(cluster, 'bold'), `  plan for ${range.start} to ${range.end}; nothing has started`], width, 2),
    ...facts.flatMap((line) => wrapped(line, width, LABEL_WIDTH)),
    ...warnings.flatMap((line) => wrapped(line, width, 2)),
    ...table,
    ...(more > 0 ? [[styled(`and ${counted(more, 'more customer')}; --output json shows more`, 'dim')]] : []),
  ];
}
