const UNPRINTABLE = '\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069';
const EACH_UNPRINTABLE = new RegExp(`[${UNPRINTABLE}]`, 'g');
const SPACES_AND_UNPRINTABLE = new RegExp(`[\\s${UNPRINTABLE}]+`, 'g');

/** The text with a space for each control character and direction mark, so that text from elsewhere can't affect the terminal. */
export const printable = (text: string): string => text.replace(EACH_UNPRINTABLE, ' ');

/**
 * Text from elsewhere (an error, an operator's reason) as one line that can't affect the terminal: line breaks and control
 * characters become spaces.
 */
export const onOneLine = (text: string): string => text.replace(SPACES_AND_UNPRINTABLE, ' ').trim();
