import { DAY_COLOURS, WORST_FIRST } from '../../lines/day-colours.js';

/** A dot ends the name of a class. */
const nameOf = (letter: string): string => (letter === '.' ? 'w' : letter);

/** The CSS class of a letter's cells. */
export const classOf = (letter: string): string => `day-${nameOf(letter)}`;

const variables = (page: 'light' | 'dark' | 'paper'): string =>
  `:root { ${WORST_FIRST.map((letter) => `--${nameOf(letter)}: ${DAY_COLOURS[letter][page]};`).join(' ')} }`;

const rules = WORST_FIRST.map((letter) => {
  const colour = `var(--${nameOf(letter)})`;
  return `.${classOf(letter)} { fill: ${colour}; background: ${colour}; }`;
});

/** The colours of days as CSS: a variable for each letter, which report.css uses as well, and a class for its cells. */
export const DAY_STYLES = [
  variables('light'),
  `@media (prefers-color-scheme: dark) { ${variables('dark')} }`,
  `@media print { ${variables('paper')} }`,
  ...rules,
  // On a dark page the cell of a waiting day is dark, and all others are bright.
  `.${classOf('.')} { color: var(--ink); }`,
].join('\n');
