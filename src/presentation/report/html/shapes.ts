/** Rectangles as one path, so that thousands of bars are one element. */
export class Bars {
  private path = '';

  add(x: number, y: number, width: number, height: number): void {
    this.path += `M${short(x)} ${short(y)}h${short(width)}v${short(height)}h${short(-width)}z`;
  }

  /** The `d` of the path; empty without bars. */
  get d(): string {
    return this.path;
  }
}

/** A stepped line, for a value that holds until it changes; from `[x, y]` pairs, x ascending. */
export function steps(points: readonly (readonly [x: number, y: number])[], until: number): string {
  const [first, ...rest] = points;
  if (!first) return '';
  return `M${short(first[0])} ${short(first[1])}${rest.map(([x, y]) => `H${short(x)}V${short(y)}`).join('')}H${short(until)}`;
}

/** Rounded to a tenth of a pixel. */
export const short = (value: number): number => Math.round(value * 10) / 10;

/** A label that fits its column; the full text goes into a title. */
export const clipped = (text: string, most: number): string => {
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
};

/** Rows in each picture: one picture fits on a page of paper. */
const ROWS_EACH = 45;

export function inParts<T>(rows: readonly T[]): T[][] {
  const parts: T[][] = [];
  for (let at = 0; at < rows.length; at += ROWS_EACH) parts.push(rows.slice(at, at + ROWS_EACH));
  return parts;
}
