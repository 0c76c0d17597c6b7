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
  // A background brings its own foreground: what a terminal's default looks like on it is anyone's guess.
  onRed: ['97;41', '39;49'],
  onGreen: ['30;42', '39;49'],
  onYellow: ['30;43', '39;49'],
  onBlue: ['97;44', '39;49'],
  onCyan: ['30;46', '39;49'],
  onMagenta: ['97;45', '39;49'],
};

export const styled = (text: string, style: Style): Span => ({ text, style });

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** The line as it is written to a terminal or file; wherever its text came from, it can do nothing to the terminal. */
export function render(line: Line, { colour, width = Number.POSITIVE_INFINITY }: Rendering): string {
  const spans = line.map((span) => (typeof span === 'string' ? { text: span } : span));
  return clipSpans(spans, width)
    .map(({ text: raw, style }) => {
      const text = raw.replace(UNPRINTABLE, ' ');
      if (!colour || !style || text === '') return text;
      const [on, off] = codes[style];
      return `\u001b[${on}m${text}\u001b[${off}m`;
    })
    .join('')
    .replace(/ +$/, '');
}

function clipSpans(spans: readonly Span[], width: number): Span[] {
  const total = spans.reduce((sum, { text }) => sum + widthOf(text), 0);
  if (total <= width) return [...spans];
  const kept: Span[] = [];
  let left = width - 1;
  for (const span of spans) {
    let text = '';
    for (const character of span.text) {
      left -= widthOf(character);
      if (left < 0) break;
      text += character;
    }
    kept.push({ ...span, text: left < 0 && width > 0 ? `${text}…` : text });
    if (left < 0) break;
  }
  return kept;
}

/** How many columns a line takes. */
export const lineWidth = (line: Line): number =>
  line.reduce((sum, span) => sum + widthOf(typeof span === 'string' ? span : span.text), 0);

/** The line in one style, whatever its pieces had. */
export const restyled = (line: Line, style: Style): Line =>
  line.map((span) => styled(typeof span === 'string' ? span : span.text, style));

/** The text, cut to so many columns with `…`, or filled up to them with spaces. */
export function fitted(text: string, width: number): string {
  const cut = widthOf(text) <= width ? text : render([text], { colour: false, width });
  return cut + ' '.repeat(Math.max(0, width - widthOf(cut)));
}

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const joining = /\p{Mark}|\u200d|\ufe0f/u;

/** How many columns a text takes. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += joining.test(character) ? 0 : wide.test(character) ? 2 : 1;
  return width;
}

/**
 * Text from elsewhere (an error, an operator's reason) as one line that can do nothing to the terminal: line breaks
 * and control characters become spaces.
 */
export const onOneLine = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through
  text.replace(/[\s\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g, ' ').trim();
