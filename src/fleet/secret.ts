import { readFile } from 'node:fs/promises';
import type { SecretSource } from './cluster.js';

/**
 * The secret, without the line break at a file's end.
 *
 * @throws Error that names the variable or file that is missing or empty, never its content
 */
export async function readSecret(source: SecretSource, environment: NodeJS.ProcessEnv): Promise<string> {
  if ('env' in source) {
    const secret = environment[source.env];
    if (!secret)
      throw new Error(
        `the environment variable ${source.env} is not set; set it, or name another one in the fleet file`,
      );
    return secret;
  }
  const secret = await readFile(source.file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${source.file} cannot be read (${error.code}); fix it, or name another file in the fleet file`);
  });
  if (secret.trim() === '') throw new Error(`${source.file} is empty; put the secret into it`);
  return secret.trimEnd();
}
