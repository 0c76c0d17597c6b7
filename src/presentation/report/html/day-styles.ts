import { DAY_COLOURS, WORST_FIRST } from '../../lines/day-colours.js';
import type { WindowStatus } from '../document.js';

/** A dot ends the name of a class. */
const nameOf = (letter: string): string => (letter === '.' ? 'w' : letter);

/** The CSS class of a letter's cells. */
export const classOf = (letter: string): string => `day-${nameOf(letter)}`;

/** The colours of windows' bars, by how each window ended. */
const BAR_COLOURS: Record<WindowStatus, string> = {
  completed: 'var(--d)',
  running: 'var(--r)',
  failed: 'var(--f)',
  timedOut: '#c2571a',
  cancelled: 'var(--h)',
  terminated: '#8f4fc4',
  continuedAsNew: 'var(--s)',
};

const variables = (colourOf: (colours: (typeof DAY_COLOURS)['d']) => string): string =>
  `:root { ${WORST_FIRST.map((letter) => `--${nameOf(letter)}: ${colourOf(DAY_COLOURS[letter])};`).join(' ')} }`;

const filled = (name: string, colour: string): string => `.${name} { fill: ${colour}; background: ${colour}; }`;

/** The colours of days and windows as CSS: a variable for each letter, which report.css uses as well, and classes. */
export const DAY_STYLES = [
  variables(({ light, dark }) => `light-dark(${light}, ${dark})`),
  `@media print { ${variables(({ paper }) => paper)} }`,
  ...WORST_FIRST.map((letter) => filled(classOf(letter), `var(--${nameOf(letter)})`)),
  ...Object.entries(BAR_COLOURS).map(([status, colour]) => filled(`run-${status}`, colour)),
  // On a dark page the cell of a waiting day is dark, and all others are bright.
  `.${classOf('.')} { color: var(--ink); }`,
].join('\n');
