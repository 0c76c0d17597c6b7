import { styleText } from 'node:util';
import stringWidth from 'string-width';
import { printable } from '../../one-line.js';

/** Lines for a terminal: pieces of text with a style, measured and cut before any colour code is in them. */

/** How each style is shown. A background sets a foreground as well: the terminal's default may be unreadable on it. */
const FORMATS = {
  bold: 'bold',
  dim: 'dim',
  inverse: 'inverse',
  red: 'red',
  green: 'green',
  yellow: 'yellow',
  blue: 'blue',
  cyan: 'cyan',
  magenta: 'magenta',
  onRed: ['whiteBright', 'bgRed'],
  onGreen: ['black', 'bgGreen'],
  onYellow: ['black', 'bgYellow'],
  onBlue: ['whiteBright', 'bgBlue'],
  onCyan: ['black', 'bgCyan'],
  onMagenta: ['whiteBright', 'bgMagenta'],
} satisfies Record<string, Parameters<typeof styleText>[0]>;

export type Style = keyof typeof FORMATS;

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

export const styled = (text: string, style: Style): Span => ({ text, style });

/** The columns that the label of a {@link fact} takes. */
export const LABEL_WIDTH = 10;

/** A line of a summary: what it is about, then what is known. */
export const fact = (label: string, ...known: Line): Line => [styled(label.padEnd(LABEL_WIDTH), 'dim'), ...known];

/** Most text is like this, and a screen is drawn every second. */
const ONE_COLUMN_EACH = /^[\u0020-\u007e]*$/;
const characters = new Intl.Segmenter();

/** A piece of a line; a text is one without a style. */
export const spanOf = (span: string | Span): Span => (typeof span === 'string' ? { text: span } : span);

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
      // Whether there is colour is for the caller to say, not for the process's own stdout.
      return colour && style && text ? styleText(FORMATS[style], text, { validateStream: false }) : text;
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
