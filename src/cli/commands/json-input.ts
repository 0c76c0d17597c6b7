import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { CommandContext } from './context.js';
import { badUsage } from './problem.js';

/**
 * The JSON of `--input FILE`, or of stdin for `-`.
 *
 * @throws CommandProblem (exit code 2) if it can't be read or is no JSON
 */
export async function jsonInput(context: CommandContext, path: string): Promise<unknown> {
  const where = path === '-' ? 'stdin' : path;
  const content = await (path === '-' ? text(context.surroundings.stdin) : readFile(path, 'utf8')).catch(
    (error: NodeJS.ErrnoException) => {
      throw badUsage(`--input: ${where} can't be read (${error.code ?? error.message})`);
    },
  );
  try {
    return JSON.parse(content);
  } catch (error) {
    throw badUsage(`--input: expected JSON in ${where}, got what can't be read: ${(error as Error).message}`);
  }
}

export const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
