/** Lines for a terminal: pieces of text with a style, measured and cut before any colour code is in them. */

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

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

const codes: Record<Style, readonly [on: number, off: number]> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

export const styled = (text: string, style: Style): Span => ({ text, style });

/** The line as it is written to a terminal or file. */
export function render(line: Line, { colour, width = Number.POSITIVE_INFINITY }: Rendering): string {
  const spans = line.map((span) => (typeof span === 'string' ? { text: span } : span));
  return clipSpans(spans, width)
    .map(({ text, style }) => {
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
