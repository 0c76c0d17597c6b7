import { type Line, type Span, type Style, widthOf } from '../../src/presentation/lines/line.js';

/** Pixels of a column and of a row, at a font size of 13. */
const COLUMN = 7.8;
const ROW = 17;
const MARGIN = 12;
const FOREGROUND = '#d7dce2';
const BACKGROUND = '#14181d';

/** As a dark terminal shows each style: its text, and what is behind it. */
const LOOK: Record<Style, { text: string; behind?: string; weight?: 'bold' }> = {
  bold: { text: '#ffffff', weight: 'bold' },
  dim: { text: '#7d8794' },
  inverse: { text: BACKGROUND, behind: FOREGROUND },
  red: { text: '#f0706b' },
  green: { text: '#5fc288' },
  yellow: { text: '#e3b341' },
  blue: { text: '#7aa2f7' },
  cyan: { text: '#4cc0d9' },
  magenta: { text: '#d08ae0' },
  onRed: { text: '#ffffff', behind: '#c93c37' },
  onGreen: { text: '#06170d', behind: '#3fa56a' },
  onYellow: { text: '#1d1600', behind: '#d9a514' },
  onBlue: { text: '#ffffff', behind: '#3f67c9' },
  onCyan: { text: '#001a20', behind: '#35b0cc' },
  onMagenta: { text: '#ffffff', behind: '#a44fb5' },
};

/** A picture of a terminal that shows these lines. */
export function terminalSvg(lines: readonly Line[], columns: number, title: string): string {
  const width = Math.ceil(columns * COLUMN + 2 * MARGIN);
  const height = lines.length * ROW + 2 * MARGIN;
  const body = lines.flatMap((line, row) => drawn(line, MARGIN + row * ROW));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="13">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" rx="8" fill="${BACKGROUND}"/>`,
    ...body,
    '</svg>\n',
  ].join('\n');
}

/** The spans of a line from left to right; `textLength` keeps columns aligned in any font. */
function drawn(line: Line, top: number): string[] {
  let column = 0;
  return line.flatMap((piece) => {
    const { text, style }: Span = typeof piece === 'string' ? { text: piece } : piece;
    const x = (MARGIN + column * COLUMN).toFixed(1);
    const wide = (widthOf(text) * COLUMN).toFixed(1);
    column += widthOf(text);
    const { text: fill, behind, weight }: (typeof LOOK)[Style] = style ? LOOK[style] : { text: FOREGROUND };
    const box = behind && `<rect x="${x}" y="${top}" width="${wide}" height="${ROW}" fill="${behind}"/>`;
    const bold = weight ? ` font-weight="${weight}"` : '';
    const glyphs =
      text.trim() &&
      `<text x="${x}" y="${top + 13}" textLength="${wide}" fill="${fill}"${bold} xml:space="preserve">${escaped(text)}</text>`;
    return [box, glyphs].filter((element): element is string => Boolean(element));
  });
}

const escaped = (text: string): string => text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
