import { DAY_COLOURS, WORST_FIRST } from '../../terminal/day-colours.js';

/** A dot ends the name of a class. */
const nameOf = (letter: string): string => (letter === '.' ? 'w' : letter);

/** The CSS class of a letter's cells. */
export const classOf = (letter: string): string => `day-${nameOf(letter)}`;

/** Every letter's colour as a CSS variable of its name. */
export const dayVariables = (page: 'light' | 'dark' | 'paper'): string =>
  WORST_FIRST.map((letter) => `--${nameOf(letter)}: ${DAY_COLOURS[letter][page]};`).join(' ');

export const DAY_RULES = WORST_FIRST.map((letter) => {
  const colour = `var(--${nameOf(letter)})`;
  return `.${classOf(letter)} { fill: ${colour}; background: ${colour}; }`;
}).join(' ');
