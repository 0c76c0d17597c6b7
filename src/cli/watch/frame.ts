import { placedDays } from '../../backfill/views/placed-days.js';
import { count, percent } from '../../presentation/lines/format.js';
import { type HeatMap, heatMap, legend, rankOf } from '../../presentation/lines/heat-map.js';
import {
  LABEL_WIDTH,
  type Line,
  lineWidth,
  restyled,
  type Span,
  type Style,
  styled,
  textOf,
} from '../../presentation/lines/line.js';
import { wrapped } from '../../presentation/lines/wrapping.js';
import { figuresOf } from '../../presentation/status/figures.js';
import { problemLines } from '../../presentation/status/status-view.js';
import { headline, summaryLines } from '../../presentation/status/summary.js';
import { windowLines, windowsTitle } from '../../presentation/status/windows-view.js';
import type { ClusterPicture } from '../../watch/picture.js';
import type { ViewSize } from './progress-view.js';
import { initialWatchState, type WatchCommand, type WatchState } from './watch-state.js';

/** A screenful of lines, and what of it can scroll. */
export interface Frame {
  /** As many as the terminal has rows, or fewer. */
  readonly lines: readonly Line[];
  /** Lines of the view that scrolls, and how many of them are shown. */
  readonly scrollable: number;
  readonly page: number;
}

/** The largest share of the space below the summary for each of the two short lists. */
const LIST_SHARE = 0.25;
/** The reason why a cluster does not answer may need more than a line. */
const MOST_HEADLINES = 3;
/** On a terminal with fewer rows, each line of the summary is cut rather than wrapped. */
const ROWS_FOR_REASONS = 24;
/** A map with fewer lines is not worth taking space from a list. */
const SMALLEST_MAP = 4;

/**
 * The whole screen: clusters, the summary of the selected one, and below it the selected view. Never more lines than rows.
 *
 * @param message the answer to the last command
 */
export function watchFrame(
  pictures: readonly ClusterPicture[],
  state: WatchState,
  now: number,
  { columns, rows }: ViewSize,
  message?: string,
): Frame {
  const picture = pictures[state.selected] ?? pictures[0]!;
  const dimmed = (line: Line) => (picture.unreachable ? restyled(line, 'dim') : line);
  const reasonLines = rows < ROWS_FOR_REASONS ? 1 : 2;
  const top = [
    tabs(pictures, state.selected, columns),
    ...wrapped(headline(picture, now), columns, 2).slice(0, MOST_HEADLINES),
    ...(picture.progress ? summaryLines(picture.progress, picture, now) : [])
      .flatMap((line) => fitting(line, columns, reasonLines))
      .map(dimmed),
  ].slice(0, Math.max(2, rows - 6));
  const bottom = footer(picture, state, columns, message);
  const room = Math.max(0, rows - top.length - bottom.length);
  const body = bodyOf(picture, state, now, { columns, rows: room });
  const filled = [...body.lines, ...Array<Line>(Math.max(0, room - body.lines.length)).fill([])].slice(0, room);
  // On the smallest terminals the question, or the keys, must stay visible.
  const lines = [...top, ...filled.map(dimmed), ...bottom];
  return { ...body, lines: lines.slice(-rows) };
}

/** The line wrapped to at most so many lines; the rest is cut off with an ellipsis. */
function fitting(line: Line, columns: number, most: number): Line[] {
  const lines = wrapped(line, columns, LABEL_WIDTH);
  if (most === 1 || lines.length <= most) return most === 1 ? [line] : lines;
  return [...lines.slice(0, most - 1), [...lines[most - 1]!, '…']];
}

function bodyOf(picture: ClusterPicture, state: WatchState, now: number, { columns, rows }: ViewSize): Frame {
  switch (state.view) {
    case 'map':
      return overview(picture, state, now, { columns, rows });
    case 'windows': {
      const { windows = { list: [], more: false } } = picture;
      return scrolled(windowsTitle(windows, picture.progress), windowLines(windows, now, columns), state, rows);
    }
    case 'attention': {
      const problems = problemLines(picture, now);
      const lines = problems.flatMap((line) => wrapped(line, columns, 2));
      return scrolled(`needs attention (${count(problems.length)})`, lines, state, rows);
    }
    default:
      return state.view satisfies never;
  }
}

/** A list under its title; the title says which part of the list is shown. */
function scrolled(title: string, lines: readonly Line[], { scroll }: WatchState, rows: number): Frame {
  const page = Math.max(0, rows - 1);
  const from = Math.min(scroll, Math.max(0, lines.length - page));
  const part =
    lines.length > page ? `, lines ${count(from + 1)} to ${count(from + page)} of ${count(lines.length)}` : '';
  return { lines: [[styled(title + part, 'bold')], ...lines.slice(from, from + page)], scrollable: lines.length, page };
}

/** The heat map, and below it the beginning of each of the two lists, as far as the map leaves room. */
function overview(picture: ClusterPicture, state: WatchState, now: number, { columns, rows }: ViewSize): Frame {
  const all = picture.progress ? placedDays(picture.progress) : [];
  const order = state.worstFirst ? [...all].sort((a, b) => rankOf(a.days) - rankOf(b.days)) : all;
  const map = heatMap(order, picture.progress?.range ?? { start: '1970-01-01', end: '1970-01-02' }, columns);
  const problems = problemLines(picture, now);
  const inFlight = picture.windows?.list.length ?? 0;
  const mapHeight = all.length === 0 ? 0 : map.lines.length + 1;
  const share = Math.max(rows < SMALLEST_MAP + 4 ? 0 : 2, Math.floor(rows * LIST_SHARE));
  const spare = Math.max(0, rows - mapHeight - 2 * share);
  const problemRows = listRows(problems.length, share + spare);
  const windowRows = listRows(inFlight, share + Math.max(0, rows - mapHeight - problemRows - share));
  const page = Math.max(0, rows - problemRows - windowRows - 1);
  const from = Math.min(state.scroll, Math.max(0, map.lines.length - page));
  const lines: Line[] = [];
  if (all.length > 0)
    lines.push(rulerWithPosition(map, all.length, from, page, columns), ...map.lines.slice(from, from + page));
  const space = Math.max(0, rows - windowRows - problemRows - lines.length);
  lines.push(...Array<Line>(space).fill([]));
  if (windowRows > 0) {
    const title = windowsTitle(picture.windows!, picture.progress);
    lines.push([styled(title, 'bold')], ...windowLines(picture.windows!, now, columns, windowRows - 1));
  }
  if (problemRows > 0) {
    const shown = problems.length < problemRows ? problems : problems.slice(0, problemRows - 2);
    const more = problems.length - shown.length;
    lines.push([styled('needs attention', 'bold')], ...shown);
    if (more > 0) lines.push([styled(`and ${count(more)} more; press a`, 'dim')]);
  }
  return { lines, scrollable: map.lines.length, page };
}

/** The rows of a title and its list, or none. */
const listRows = (length: number, most: number) => (length === 0 || most < 2 ? 0 : Math.min(length + 1, most));

/** The ruler, with the scroll position and the size of a cell at its right end, as far as there is room. */
function rulerWithPosition(
  { ruler, lines, daysPerCell, beside }: HeatMap,
  customers: number,
  from: number,
  page: number,
  columns: number,
): Line {
  const last = Math.min((from + page) * beside, customers);
  const part = lines.length > page ? `${from * beside + 1}–${last} of ${customers}` : '';
  const cell = daysPerCell > 1 ? `${daysPerCell} days a cell, the worst shown` : '';
  const text = [cell, part].filter(Boolean).join('  ');
  if (text === '') return ruler;
  const flat = textOf(ruler).trimEnd();
  const gap = columns - flat.length - text.length;
  // Where the ruler is full, the position matters more than its last days.
  const before = gap >= 2 ? flat + ' '.repeat(gap) : `${flat.slice(0, Math.max(0, columns - text.length - 1))} `;
  return [styled(before + text, 'dim')];
}

/** A name and a figure for each cluster; the selected one is in brackets and always visible. */
function tabs(pictures: readonly ClusterPicture[], selected: number, columns: number): Line {
  const all = pictures.map((picture, i): Span => {
    const text = `${picture.cluster} ${tabFigure(picture)}`;
    return i === selected ? styled(`[${text}]`, 'inverse') : { text: ` ${text} `, ...tabStyle(picture) };
  });
  let from = 0;
  const room = columns - 2;
  while (from < selected && lineWidth(all.slice(from, selected + 1)) > room) from++;
  let to = selected + 1;
  while (to < all.length && lineWidth(all.slice(from, to + 1)) <= room) to++;
  return [from > 0 ? '‹' : '', ...all.slice(from, to), to < all.length ? '›' : ''];
}

function tabFigure({ progress, unreachable, note }: ClusterPicture): string {
  if (unreachable) return '?';
  if (!progress) return note ? '–' : '…';
  const { days, daysDone, daysStuck } = figuresOf(progress, 0);
  return `${percent(daysDone, days)}%${daysStuck > 0 ? '!' : ''}`;
}

function tabStyle({ progress, unreachable }: ClusterPicture): { style?: Style } {
  if (unreachable) return { style: 'red' };
  return progress && progress.totals.failed + progress.totals.held > 0 ? { style: 'yellow' } : {};
}

const MEANING: Record<WatchCommand, string> = {
  pause: 'running windows finish, nothing new starts',
  resume: 'windows start again; every pause and hold is lifted',
};

const KEYS = [
  '←→ cluster  ↑↓ scroll  w windows  a attention  o order  p pause  r resume  q quit',
  '←→ cluster  ↑↓ scroll  w a o views  p pause  r resume  q quit',
  '←→ ↑↓ w a o  p pause  r resume  q quit',
  '←→ ↑↓ w a o p r  q quit',
];

/** The legend, and the question, or the last answer and the keys. */
function footer(picture: ClusterPicture, state: WatchState, columns: number, message?: string): Line[] {
  const { confirming, view } = { ...initialWatchState, ...state };
  const letters = view === 'map' && picture.progress ? legend(columns) : [];
  if (confirming) {
    const run = picture.workflowId ? ` (${picture.workflowId})` : '';
    const question = `${confirming} ${picture.cluster}${run}? ${MEANING[confirming]}.  y yes  any other key no`;
    return wrapped([styled(question, 'onYellow')], columns);
  }
  const keys = KEYS.find((text) => text.length <= columns) ?? KEYS.at(-1)!;
  const answer: Line[] = message ? wrapped([styled(message, 'bold')], columns).slice(0, 2) : [];
  return [...answer, ...letters, [styled(keys, 'dim')]];
}
