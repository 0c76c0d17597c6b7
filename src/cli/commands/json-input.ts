import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { badUsage } from '../../operations/problem.js';
import type { CommandContext } from './context.js';

/**
 * The JSON of `--input FILE`, or of stdin for `-`.
 *
 * @throws CommandProblem (exit code 2) if it can't be read or is not JSON
 */
export async function jsonInput(context: CommandContext, path: string): Promise<unknown> {
  if (path === '-') return parsed('--input: stdin', await text(context.surroundings.stdin));
  return jsonFile(path, `--input: ${path}`);
}

/**
 * The JSON in a file.
 *
 * @param name what an error calls it
 * @throws CommandProblem (exit code 2) if it can't be read or is not JSON
 */
export async function jsonFile(path: string, name = path): Promise<unknown> {
  const content = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw badUsage(`${name} can't be read (${error.code ?? error.message})`);
  });
  return parsed(name, content);
}

function parsed(name: string, content: string): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    throw badUsage(`${name} is not JSON: ${(error as Error).message}`);
  }
}
