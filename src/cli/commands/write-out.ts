import { writeFile } from 'node:fs/promises';
import type { CommandContext } from './context.js';
import { EXIT } from './exit-codes.js';
import { CommandProblem } from './problem.js';

/** Writes a command's document to `--out`, or to stdout. @throws CommandProblem when the file can't be written */
export async function writeOut(text: string, out: string | undefined, context: CommandContext): Promise<void> {
  if (out === undefined) {
    context.surroundings.stdout.write(text);
    return;
  }
  try {
    await writeFile(out, text);
  } catch (error) {
    throw new CommandProblem(EXIT.error, `--out: cannot write ${out}: ${(error as Error).message}`, { cause: error });
  }
  context.say(`wrote ${out}`);
}
