import type { WriteStream } from 'node:tty';

/** The part of a terminal stream, pipe or file that a command needs; `process.stdout` is one. */
export type Output = Pick<WriteStream, 'write'> &
  Partial<Pick<WriteStream, 'isTTY' | 'columns' | 'rows' | 'on' | 'off'>>;

/** Colour is for terminals, unless the environment asks for none (https://no-color.org). */
export function wantsColour(output: Output, environment: NodeJS.ProcessEnv): boolean {
  return output.isTTY === true && !environment.NO_COLOR && environment.TERM !== 'dumb';
}
