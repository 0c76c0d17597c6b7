import wrapAnsi from 'wrap-ansi';
import { type Line, lineWidth, sliced, textOf, widthOf } from './line.js';

/**
 * A line as several, each at most so wide, broken between words; a word that is wider than a line is broken in itself.
 *
 * @param indent spaces before the second line and all after it
 */
export function wrapped(line: Line, width: number, indent = 0): Line[] {
  if (widthOf(textOf(line)) <= width) return [line];
  // What stands in the indent of the first line is no part of what is wrapped.
  let end = lineWidth(sliced(line, 0, indent));
  const hanging = textOf(sliced(line, end, Number.POSITIVE_INFINITY));
  const rows = wrapAnsi(hanging, width - indent, { hard: true, trim: false }).split('\n');
  return rows.flatMap((row, i): Line[] => {
    const start = end;
    end += widthOf(row);
    if (i === 0) return [sliced(line, 0, end)];
    // The space at which a line is broken stands at the beginning of the next one where the line was full.
    const spaces = row.length - row.trimStart().length;
    return spaces === row.length ? [] : [[' '.repeat(indent), ...sliced(line, start + spaces, end)]];
  });
}
