import { isFinished } from '../../backfill/views/day-letters.js';
import { placedDays } from '../../backfill/views/placed-days.js';
import type { Progress } from '../../backfill/views/progress.js';
import { onOneLine } from '../../one-line.js';
import type { ClusterPicture } from '../../watch/picture.js';
import { counted, toMinute } from '../lines/format.js';
import { cellNote, heatMap, legend } from '../lines/heat-map.js';
import { LABEL_WIDTH, type Line, restyled, styled } from '../lines/line.js';
import { wrapped } from '../lines/wrapping.js';
import { lateHeartbeats } from './activity-line.js';
import { groupAlike, problemLine } from './attention.js';
import { headline, summaryLines } from './summary.js';
import { windowLines, windowsTitle } from './windows-view.js';

export interface StatusViewOptions {
  /** The terminal's width; lines fit from 40 columns up. */
  readonly columns: number;
  /** Also customers whose days are all done or skipped. Default: only their number. */
  readonly everyone?: boolean;
}

const MOST_WINDOWS = 12;

/**
 * One cluster at one moment, as lines for a terminal or file: the run and its status, figures, the heat map of its
 * customers, windows in flight, and what needs attention. Colour is decided when the lines are rendered.
 *
 * @param now ms since 1970, for ages and the time left
 */
export function renderStatus(
  picture: ClusterPicture,
  now: number,
  { columns, everyone = false }: StatusViewOptions,
): Line[] {
  const { progress, unreachable } = picture;
  const lines = wrapped(headline(picture, now), columns, 2);
  const body: Line[] = [];
  if (progress) {
    for (const line of summaryLines(progress, picture, now)) body.push(...wrapped(line, columns, LABEL_WIDTH));
    body.push(...mapLines(progress, columns, everyone));
    body.push(...inFlightLines(picture, now, columns));
    const problems = problemLines(picture, now).flatMap((line) => wrapped(line, columns, 2));
    if (problems.length > 0) body.push([], [styled('needs attention', 'bold')], ...problems);
  } else body.push(...inFlightLines(picture, now, columns));
  return [...lines, ...(unreachable ? body.map((line) => restyled(line, 'dim')) : body)];
}

/** Every problem, every heartbeat that is late, and every command that was refused, one line each. */
export function problemLines(picture: ClusterPicture, now: number): Line[] {
  const { progress } = picture;
  if (!progress) return [];
  const problems = progress.attention.filter(({ days }) => days.length > 0);
  return [
    ...groupAlike(problems).map(problemLine),
    ...lateHeartbeats(picture, now),
    ...progress.rejected.map(
      ({ at, command, by, reason }): Line => [
        styled('! ', 'yellow'),
        onOneLine(`${toMinute(at)} ${command}${by ? ` by ${by}` : ''} was refused: ${reason}`),
      ],
    ),
  ];
}

function mapLines(progress: Progress, columns: number, everyone: boolean): Line[] {
  const all = placedDays(progress);
  const shown = everyone ? all : all.filter(({ days }) => !isFinished(days));
  const rest = all.length - shown.length;
  const lines: Line[] = [[]];
  if (shown.length > 0) {
    const map = heatMap(shown, progress.range, columns);
    lines.push(map.ruler, ...map.lines, ...cellNote(map, columns));
  }
  if (rest > 0)
    lines.push([`${counted(rest, shown.length > 0 ? 'more customer' : 'customer')}: every day is done or skipped`]);
  if (shown.length > 0) lines.push(...legend(columns));
  return all.length === 0 ? [] : lines;
}

function inFlightLines({ windows, progress }: ClusterPicture, now: number, columns: number): Line[] {
  if (!windows || windows.list.length === 0) return [];
  return [[], [styled(windowsTitle(windows, progress), 'bold')], ...windowLines(windows, now, columns, MOST_WINDOWS)];
}
