import type { DayLetter } from '../../backfill/views/day-letters.js';
import type { Style } from './line.js';

interface DayColours {
  /** For a cell in the terminal. */
  readonly cell: Style;
  /** For a word or a bar in the terminal. */
  readonly word: Style;
  /** For a cell on an HTML page: on a light screen, on a dark one, on paper. */
  readonly light: string;
  readonly dark: string;
  readonly paper: string;
}

/** The colours of each state of a day, the states that need attention first. */
export const DAY_COLOURS: Record<DayLetter, DayColours> = {
  f: { cell: 'onRed', word: 'red', light: '#e04848', dark: '#e05555', paper: '#e98080' },
  h: { cell: 'onYellow', word: 'yellow', light: '#e0a100', dark: '#d9a514', paper: '#f0c95a' },
  r: { cell: 'onCyan', word: 'cyan', light: '#1f9bbf', dark: '#29a5c9', paper: '#7ac6dc' },
  v: { cell: 'onMagenta', word: 'magenta', light: '#b565c4', dark: '#b25fc2', paper: '#dcb0e3' },
  p: { cell: 'onBlue', word: 'blue', light: '#6f8fe0', dark: '#7d9bec', paper: '#a9bdf0' },
  '.': { cell: 'dim', word: 'dim', light: '#e3e7ec', dark: '#2a323d', paper: '#eceff2' },
  s: { cell: 'dim', word: 'dim', light: '#b9bfc8', dark: '#8490a3', paper: '#ccc' },
  d: { cell: 'onGreen', word: 'green', light: '#2e9e5b', dark: '#2f9e5e', paper: '#7cc79b' },
};

export const WORST_FIRST = Object.keys(DAY_COLOURS) as DayLetter[];
