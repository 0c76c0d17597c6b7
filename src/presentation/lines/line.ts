import stringWidth from 'string-width';
import { printable } from '../../one-line.js';

/** Lines for a terminal: pieces of text with a style, measured and cut before any colour code is in them. */

export type Style =
  | 'bold'
  | 'dim'
  | 'inverse'
  | 'red'
  | 'green'
  | 'yellow'
  | 'blue'
  | 'cyan'
  | 'magenta'
  | 'onRed'
  | 'onGreen'
  | 'onYellow'
  | 'onBlue'
  | 'onCyan'
  | 'onMagenta';

export interface Span {
  readonly text: string;
  readonly style?: Style;
}

export type Line = readonly (string | Span)[];

export interface Rendering {
  readonly colour: boolean;
  /** Columns of the terminal; longer lines end in `…`. Default: as long as they are. */
  readonly width?: number;
}

const codes: Record<Style, readonly [on: string, off: string]> = {
  bold: ['1', '22'],
  dim: ['2', '22'],
  inverse: ['7', '27'],
  red: ['31', '39'],
  green: ['32', '39'],
  yellow: ['33', '39'],
  blue: ['34', '39'],
  cyan: ['36', '39'],
  magenta: ['35', '39'],
  // A background sets a foreground as well: the terminal's default may be unreadable on it.
  onRed: ['97;41', '39;49'],
  onGreen: ['30;42', '39;49'],
  onYellow: ['30;43', '39;49'],
  onBlue: ['97;44', '39;49'],
  onCyan: ['30;46', '39;49'],
  onMagenta: ['97;45', '39;49'],
};

export const styled = (text: string, style: Style): Span => ({ text, style });

/** The columns that the label of a {@link fact} takes. */
export const LABEL_WIDTH = 10;

/** A line of a summary: what it is about, then what is known. */
export const fact = (label: string, ...known: Line): Line => [styled(label.padEnd(LABEL_WIDTH), 'dim'), ...known];

/** Most text is like this, and a screen is drawn every second. */
const ONE_COLUMN_EACH = /^[\u0020-\u007e]*$/;
const characters = new Intl.Segmenter();

const spanOf = (span: string | Span): Span => (typeof span === 'string' ? { text: span } : span);

/** The text of a line, without its styles. */
export const textOf = (line: Line): string => printable(line.map((span) => spanOf(span).text).join(''));

/** How many columns a text takes. */
export const widthOf = (text: string): number => stringWidth(printable(text));

/** How many columns a line takes. */
export const lineWidth = (line: Line): number => line.reduce((sum, span) => sum + widthOf(spanOf(span).text), 0);

/** The line in one style, in place of the styles of its spans. */
export const restyled = (line: Line, style: Style): Line => line.map((span) => styled(spanOf(span).text, style));

/** The line as it is written to a terminal or file. */
export function render(line: Line, { colour, width = Number.POSITIVE_INFINITY }: Rendering): string {
  return clipped(line, width)
    .map(({ text: raw, style }) => {
      const text = printable(raw);
      if (!colour || !style || text === '') return text;
      const [on, off] = codes[style];
      return `\u001b[${on}m${text}\u001b[${off}m`;
    })
    .join('')
    .replace(/ +$/, '');
}

function clipped(line: Line, width: number): Span[] {
  if (lineWidth(line) <= width) return line.map(spanOf);
  if (width < 1) return [];
  const kept = sliced(line, 0, width - 1);
  const last = kept.pop() ?? { text: '' };
  return [...kept, { ...last, text: `${last.text}…` }];
}

/** The columns from `from` to before `to`. A wide character that reaches over an edge is left out. */
export function sliced(line: Line, from: number, to: number): Span[] {
  let end = 0;
  return line.map(spanOf).flatMap((span) => {
    const start = end;
    end += widthOf(span.text);
    if (end <= from || start >= to) return [];
    return [{ ...span, text: slicedText(span.text, Math.max(0, from - start), to - start) }];
  });
}

function slicedText(text: string, from: number, to: number): string {
  if (ONE_COLUMN_EACH.test(text)) return text.slice(from, to);
  let end = 0;
  return Array.from(characters.segment(text), ({ segment }) => segment)
    .filter((character) => {
      const start = end;
      end += widthOf(character);
      return start >= from && end <= to;
    })
    .join('');
}

/** The text, cut to so many columns with `…`, or filled up to them with spaces. */
export function fitted(text: string, width: number): string {
  const cut = widthOf(text) <= width ? text : render([text], { colour: false, width });
  return cut + ' '.repeat(Math.max(0, width - widthOf(cut)));
}
