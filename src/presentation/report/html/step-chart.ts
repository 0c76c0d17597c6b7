import { type Content, html, type Markup } from './markup.js';
import { short, steps } from './shapes.js';
import { timeAxis } from './time-axis.js';

const WIDTH = 1_200;
const LEFT = 44;
const TOP = 10;
const BOTTOM = 24;

/** A value from a moment on (ms since 1970), until the next one. */
export type Step = readonly [at: number, value: number];

export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface StepChart extends Span {
  readonly title: string;
  readonly description: string;
  /** Of the part that scrolls. */
  readonly label: string;
  /** The scale ends here at the least. */
  readonly least: number;
  readonly height?: number;
  /** The distance of the marks of the scale; default: whole numbers, about five. */
  readonly mark?: number;
  readonly format?: (value: number) => string;
  /** What is drawn, from behind to the front. */
  readonly series: readonly Series[];
}

interface Series {
  readonly kind: 'line' | 'area';
  /** Its class, with the colour. */
  readonly name: string;
  /** One for each stretch of time in which the value is known; its last step is its end. */
  readonly stretches: readonly (readonly Step[])[];
}

/** Values that hold until they change, over the time of a run. */
export function stepChart(chart: StepChart): Markup {
  const { title, description, label, from, to, height = 180, series, format = String } = chart;
  const top = Math.max(chart.least, ...series.flatMap(({ stretches }) => stretches.flat().map(([, value]) => value)));
  // A cluster's clock may be ahead of this machine's.
  const x = (at: number) => LEFT + ((Math.min(at, to) - from) / (to - from)) * (WIDTH - LEFT - 8);
  const y = (value: number) => height - BOTTOM - (value / top) * (height - TOP - BOTTOM);
  const drawn = series.flatMap(({ kind, name, stretches }) =>
    stretches.map((stretch) => {
      const points = stretch.map(([at, value]) => [x(at), y(value)] as const);
      const path = steps(points, points.at(-1)?.[0] ?? 0);
      const closed = kind === 'area' && points[0] ? `${path}V${short(y(0))}H${short(points[0][0])}z` : path;
      return closed === '' ? undefined : html`<path class="${name}" d="${closed}"/>`;
    }),
  );
  return html`<div class="scroll" tabindex="0" role="group" aria-label="${label}"><svg viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img"><title>${title}</title>
<desc>${description}</desc>
${marks(top, chart.mark ?? Math.max(1, Math.ceil(top / 5))).map(
  (mark) =>
    html`<path class="grid" d="M${LEFT} ${short(y(mark))}H${WIDTH - 8}"/><text class="label" x="${LEFT - 6}" y="${short(y(mark) + 4)}">${format(mark)}</text>`,
)}${timeAxis(from, to, { x, y: height - 6, right: WIDTH })}${drawn}</svg></div>
`;
}

const marks = (top: number, distance: number): number[] =>
  Array.from({ length: Math.floor(top / distance + 1e-9) + 1 }, (_, i) => i * distance);

/** From the first known value on. Where the log has lost its beginning, the line starts at what the first known move left. */
export function movedFrom(
  moves: readonly { readonly at: string; readonly from: number; readonly to: number }[],
  { from: start, to: end }: Span,
  otherwise: number,
): Step[] {
  const [first] = moves;
  const steps = moves.map(({ at, to }): Step => [Date.parse(at), to]);
  return until(end, [[start, first?.from ?? otherwise], ...steps]);
}

/** The last value holds until then. */
export function until(end: number, steps: readonly Step[]): Step[] {
  const last = steps.at(-1);
  return last ? [...steps, [Math.max(last[0], end), last[1]]] : [];
}

/** The beginning and the end of a report's run, in ms since 1970. */
export function spanOf({ startedAt, durationMs }: { startedAt: string; durationMs: number }): Span {
  const from = Date.parse(startedAt);
  return { from, to: from + Math.max(1_000, durationMs) };
}

/** The reasons below a chart. */
export const reasons = (summary: string, heads: readonly string[], rows: readonly (readonly Content[])[]): Markup =>
  html`<details><summary>${summary}</summary>
<table><thead><tr>${heads.map((head) => html`<th>${head}</th>`)}</tr></thead><tbody>
${rows.map(
  (
    cells,
  ) => html`<tr>${cells.map((cell) => html`<td${typeof cell === 'number' ? NUMBER : undefined}>${cell}</td>`)}</tr>
`,
)}</tbody></table></details>`;

const NUMBER = html` class="number"`;
