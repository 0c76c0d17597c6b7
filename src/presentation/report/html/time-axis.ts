import { html, type Markup } from './markup.js';
import { short } from './shapes.js';

interface Tick {
  readonly at: number;
  readonly label: string;
}

const STEPS_MS = [
  1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 172_800, 604_800,
].map((seconds) => seconds * 1_000);

/** Round moments from `from` to `to` (ms since 1970, UTC), at most about so many. */
function timeTicks(from: number, to: number, most: number): Tick[] {
  const least = (to - from) / most;
  const step = STEPS_MS.find((size) => size >= least) ?? Math.ceil(least / 604_800_000) * 604_800_000;
  const ticks: Tick[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
    const text = new Date(at).toISOString();
    const label = step >= 86_400_000 ? text.slice(5, 10) : step >= 60_000 ? text.slice(11, 16) : text.slice(11, 19);
    ticks.push({ at, label });
  }
  return ticks;
}

/** The space that a mark needs to its right. */
const MARK_WIDTH = 56;

/**
 * Time marks along a line of text.
 *
 * @param x the position of a moment
 * @param y the position of the text
 * @param right the edge of the picture: a mark that does not fit before it stands to the left of its moment
 * @param grid the ends of each moment's vertical line; default: no lines
 */
export function timeAxis(
  from: number,
  to: number,
  { x, y, right, grid }: { x: (at: number) => number; y: number; right: number; grid?: readonly [number, number] },
): Markup[] {
  return timeTicks(from, to, 10).map(({ at, label }) => {
    const here = short(x(at));
    const fits = here + MARK_WIDTH <= right;
    const line = grid && html`<path class="grid" d="M${here} ${grid[0]}V${grid[1]}"/>`;
    return html`${line}<text class="tick${fits ? '' : ' end'}" x="${fits ? here + 2 : here - 2}" y="${y}">${label}</text>`;
  });
}
