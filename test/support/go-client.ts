/** The Go client of the job API, built from `clients/go`. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const source = fileURLToPath(new URL('../../clients/go', import.meta.url));
const folder = fileURLToPath(new URL('../../.cache/go-client/', import.meta.url));

export function hasGo(): boolean {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    console.warn('There is no Go here: its client of the job API is not tried.');
    return false;
  }
}

/** @returns a function that runs the client with these words, and answers what it printed */
export async function buildGoClient() {
  await mkdir(folder, { recursive: true });
  const binary = `${folder}jobs-${process.pid}`;
  await promisify(execFile)('go', ['build', '-o', binary, '.'], { cwd: source });
  return async (address: string, token: string, ...words: string[]) => {
    const environment = { ...process.env, BACKFILL_TOKEN: token };
    const run = promisify(execFile)(binary, ['-address', address, ...words], { env: environment, timeout: 60_000 });
    return run.catch(({ stdout, stderr }: { stdout: string; stderr: string }) => ({ stdout, stderr }));
  };
}
