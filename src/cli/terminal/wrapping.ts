import { type Line, type Span, widthOf } from './line.js';

/**
 * A line as several, each at most so wide, broken between words; a word that is wider than a line is broken in itself.
 *
 * @param indent spaces before the second line and all after it
 */
export function wrapped(line: Line, width: number, indent = 0): Line[] {
  const lines: Span[][] = [[]];
  let used = 0;
  const put = (span: Span) => {
    lines.at(-1)!.push(span);
    used += widthOf(span.text);
  };
  const breakLine = () => {
    lines.push([{ text: ' '.repeat(indent) }]);
    used = indent;
  };
  for (const span of line) {
    const { text, ...look } = typeof span === 'string' ? { text: span } : span;
    for (const word of text.split(/(?<= )/)) {
      // The space after a word may hang over the edge: it is dropped when the line is drawn.
      if (used + widthOf(word.trimEnd()) > width && used > indent) breakLine();
      if (used + widthOf(word.trimEnd()) <= width) {
        put({ ...look, text: used + widthOf(word) > width ? word.trimEnd() : word });
        continue;
      }
      for (const character of word) {
        if (used + widthOf(character) > width && used > indent) breakLine();
        put({ ...look, text: character });
      }
    }
  }
  return lines;
}
