import { describe } from '../../backfill/hours/calendar.js';
import type { Progress } from '../../backfill/views/progress.js';
import type { WindowsInFlight } from '../../watch/picture.js';
import { columns } from '../lines/columns.js';
import { age, count, counted } from '../lines/format.js';
import { fitted, type Line, styled, widthOf } from '../lines/line.js';
import { activityLine } from './activity-line.js';

/** A window that is so many times older than the median stands out. */
const OLD_FACTOR = 4;

/** A title with the number of windows in flight. Visibility lists a window a moment after its start, on a busy server later. */
export function windowsTitle({ list, more }: WindowsInFlight, progress?: Progress): string {
  const listed = `${more ? 'more than ' : ''}${counted(list.length, 'window')} in flight`;
  if (!progress) return list.length > 0 ? `${listed} that belong to no run here` : listed;
  const { inFlight } = progress.parallelism;
  return more || inFlight <= list.length
    ? listed
    : `${counted(inFlight, 'window')} in flight, ${count(list.length)} listed so far`;
}

/**
 * A line for each window, the oldest first, with its age; at most so many lines, of which the last says how many are not
 * shown. A window much older than the median stands out.
 */
export function windowLines({ list, more }: WindowsInFlight, now: number, width: number, most = list.length): Line[] {
  const shown = list.slice(0, list.length > most ? most - 1 : most);
  const ages = list.map(({ startedAt }) => now - startedAt);
  const median = ages[Math.floor(ages.length / 2)] ?? 0;
  const name = Math.min(Math.max(8, Math.floor(width * 0.3)), Math.max(0, ...shown.map((w) => widthOf(w.customer))));
  const rows = shown.map(({ customer, interval, workflowId, paused, activity }, i) => {
    const old = ages.length > 2 && ages[i]! > OLD_FACTOR * Math.max(median, 10_000);
    return [
      fitted(customer, name),
      describe([interval]),
      [old ? styled(age(ages[i]!), 'yellow') : age(ages[i]!)],
      [
        ...(activity ? [...activityLine(activity, now), '  '] : []),
        styled(workflowId, 'dim'),
        paused ? styled('  paused', 'yellow') : '',
      ],
    ];
  });
  const [, ...lines] = columns([{ title: '' }, { title: '' }, { title: '', align: 'right' }, { title: '' }], rows);
  const hidden = list.length - shown.length;
  return hidden === 0 || most < 1
    ? lines
    : [...lines, [styled(`and ${count(hidden)}${more ? ' or more' : ''} more`, 'dim')]];
}
