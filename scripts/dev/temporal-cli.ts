/** Finds the official Temporal CLI, or obtains it once and keeps it in the project's cache. */
import { execFile } from 'node:child_process';
import { access, constants, mkdir, rename, stat } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { withDirectoryLock } from './temporal-cli/lock.js';
import { buildTemporalCli, downloadTemporalCli, type ObtainInto } from './temporal-cli/obtain.js';

export interface TemporalCli {
  /** Absolute path of the executable. */
  readonly path: string;
  /** What `temporal --version` says. */
  readonly version: string;
  readonly source: 'TEMPORAL_CLI_PATH' | 'PATH' | 'cache' | 'download' | 'build';
}

export interface ObtainOptions {
  /** Default: this process's environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** Default: `.cache/temporal-cli` in the project. */
  readonly cacheDirectory?: string;
  /** Gets a line about what takes long, and about each broken candidate that was skipped. Default: stderr. */
  readonly say?: (line: string) => void;
  /** How to download; tests replace it. */
  readonly download?: ObtainInto;
  /** How to build; tests replace it. */
  readonly build?: ObtainInto;
}

const windows = process.platform === 'win32';
const EXECUTABLE = windows ? 'temporal.exe' : 'temporal';
const PROJECT = fileURLToPath(new URL('../../', import.meta.url));
/** A large executable on a cold disk of a busy machine answers late; one that never answers is broken. */
const VERIFY_TIMEOUT_MS = 30_000;

/**
 * The Temporal CLI from the first of these that works: `TEMPORAL_CLI_PATH`, `temporal` on PATH, the project's cache,
 * the SDK's download, a build with Go. Each is run once before it is trusted. Safe to call from several processes at
 * once: one obtains, the others wait for it.
 *
 * @throws at once if `TEMPORAL_CLI_PATH` is set but broken; otherwise when all fail, naming what was tried, why each
 *   failed, and what to install
 */
export async function obtainTemporalCli(options: ObtainOptions = {}): Promise<TemporalCli> {
  const { env = process.env, say = (line) => process.stderr.write(`${line}\n`) } = options;
  const cacheDirectory = options.cacheDirectory ?? join(PROJECT, '.cache', 'temporal-cli');
  const tried: string[] = [];

  const wanted = env.TEMPORAL_CLI_PATH;
  if (wanted) {
    const path = resolve(wanted);
    try {
      return { path, version: await verify(path), source: 'TEMPORAL_CLI_PATH' };
    } catch (error) {
      throw new Error(
        `TEMPORAL_CLI_PATH is ${wanted}, but ${reason(error)}. Point it at a working Temporal CLI, or unset it to let one be found.`,
        { cause: error },
      );
    }
  }

  const onPath = await findOnPath(env);
  if (onPath.length === 0) tried.push('PATH: no `temporal` in any of its directories');
  for (const path of onPath) {
    try {
      return { path, version: await verify(path), source: 'PATH' };
    } catch (error) {
      tried.push(`PATH: ${path}: ${reason(error)}`);
      say(`Skipping ${path}: ${reason(error)}`);
    }
  }

  // The platform is in the name because a checkout may be shared with a container or a virtual machine.
  const cached = join(cacheDirectory, `temporal-${process.platform}-${process.arch}${windows ? '.exe' : ''}`);
  const fromCache = await tryCache(cached, say);
  if (fromCache) return fromCache;

  await mkdir(cacheDirectory, { recursive: true });
  return await withDirectoryLock(join(cacheDirectory, 'lock'), say, async (signal) => {
    // The process that held the lock before may have obtained it.
    const obtainedMeanwhile = await tryCache(cached, say);
    if (obtainedMeanwhile) return obtainedMeanwhile;
    tried.push(`cache: no working ${cached}`);

    const ways = [
      ['download', options.download ?? downloadTemporalCli],
      ['build', options.build ?? buildTemporalCli],
    ] as const;
    for (const [source, obtain] of ways) {
      try {
        return await obtain({ directory: cacheDirectory, env, say, signal }, async (path) => {
          const version = await verify(path);
          // Only a verified file gets the name that others trust, and it gets it whole.
          await rename(path, cached);
          return { path: cached, version, source };
        });
      } catch (error) {
        tried.push(`${source}: ${reason(error)}`);
        say(`Temporal CLI, ${source}: ${reason(error)}`);
      }
    }
    throw new Error(
      [
        'No Temporal CLI found and none could be obtained. Tried:',
        ...tried.map((line) => `  - ${line}`),
        'Do one of these: install the CLI (https://docs.temporal.io/cli#install) so that `temporal` is on PATH; set',
        'TEMPORAL_CLI_PATH to its executable; set TEMPORAL_ADDRESS to a running server where one is accepted; allow',
        'access to temporal.download; or install Go 1.25 or later with access to a Go module proxy.',
      ].join('\n'),
    );
  });
}

async function tryCache(cached: string, say: (line: string) => void): Promise<TemporalCli | undefined> {
  try {
    await access(cached);
  } catch {
    return undefined;
  }
  try {
    return { path: cached, version: await verify(cached), source: 'cache' };
  } catch (error) {
    say(`Skipping the cached ${cached}, it will be replaced: ${reason(error)}`);
    return undefined;
  }
}

async function verify(path: string): Promise<string> {
  const { stdout } = await promisify(execFile)(path, ['--version'], {
    timeout: VERIFY_TIMEOUT_MS,
    killSignal: 'SIGKILL',
    windowsHide: true,
  });
  const version = stdout.trim();
  if (!/^temporal version \S+/.test(version)) {
    throw new Error(
      `it does not answer --version as the Temporal CLI does, but with ${JSON.stringify(version.slice(0, 80))}`,
    );
  }
  return version;
}

async function findOnPath(env: NodeJS.ProcessEnv): Promise<string[]> {
  const found: string[] = [];
  for (const directory of (env.PATH ?? env.Path ?? '').split(delimiter)) {
    if (directory === '') continue;
    const path = resolve(directory, EXECUTABLE);
    try {
      await access(path, constants.X_OK);
      if ((await stat(path)).isFile()) found.push(path);
    } catch {
      // Not in this directory, or not for us to run.
    }
  }
  return found;
}

function reason(error: unknown): string {
  const failure = error as Error & { killed?: boolean; stderr?: string };
  if (failure.killed) return 'it did not answer --version in time';
  return [failure.message.trim().split('\n')[0], failure.stderr?.trim().split('\n').at(-1)].filter(Boolean).join(': ');
}
