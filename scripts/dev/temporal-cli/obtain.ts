/** The two ways to obtain a Temporal CLI that is not there yet. Both work in a directory of their own. */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type ManagedProcess, spawnManaged } from '../../../src/processes/managed-process.js';

export interface ObtainContext {
  /** Where files may be made; on the same file system as the final place. */
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
  readonly say: (line: string) => void;
  /** Aborts when the result is no longer wanted. */
  readonly signal: AbortSignal;
}

/** Obtains an executable and hands its path to `keep`, which moves it away; what is left is then removed. */
export type ObtainInto = <T>(context: ObtainContext, keep: (path: string) => Promise<T>) => Promise<T>;

const MODULE = fileURLToPath(new URL('.', import.meta.url));
const CLI_PACKAGE = 'github.com/temporalio/cli/cmd/temporal';
const CLI_VERSION = '1.5.1';
const DOWNLOAD_STALL_MS = 60_000;
const BUILD_LIMIT_MS = 20 * 60_000;
const REMINDER_MS = 20_000;

/** Downloads the CLI that belongs to the SDK in use, from Temporal's own site; gives up when nothing arrives for a minute. */
export const downloadTemporalCli: ObtainInto = (context, keep) =>
  inScratch('download', context, async (scratch) => {
    context.say('No Temporal CLI found; downloading it (about 50 MB, kept for next time)…');
    const download = await spawnManaged(
      'Temporal CLI download',
      process.execPath,
      [join(MODULE, 'download.mjs'), scratch],
      {
        env: { ...context.env, NODE_OPTIONS: '' },
      },
    );
    let size = 0;
    let progressAt = Date.now();
    await attend(download, context, 'downloading', async () => {
      const now = await sizeOf(scratch);
      if (now !== size) progressAt = Date.now();
      size = now;
      return Date.now() - progressAt > DOWNLOAD_STALL_MS ? 'nothing arrived for a minute' : undefined;
    });
    const file = (await readdir(scratch)).find((name) => !name.endsWith('.downloading'));
    if (file === undefined) throw new Error(lastLine(download) ?? 'the SDK left no file');
    return await keep(join(scratch, file));
  });

/** Builds the CLI from source with the pinned Go module next to this file. */
export const buildTemporalCli: ObtainInto = (context, keep) =>
  inScratch('build', context, async (scratch) => {
    context.say(`Building Temporal CLI ${CLI_VERSION} with Go (three to five minutes, only this once)…`);
    const target = join(scratch, process.platform === 'win32' ? 'temporal.exe' : 'temporal');
    // Without the linker's flag it calls itself 0.0.0-DEV, which would mislead the reader of a bug report.
    const flags = `-s -w -X github.com/temporalio/cli/temporalcli.Version=${CLI_VERSION}`;
    const startedAt = Date.now();
    const build = await spawnManaged('Go', 'go', ['build', '-ldflags', flags, '-o', target, CLI_PACKAGE], {
      cwd: MODULE,
      // A Go workspace in a directory above would replace the pinned module.
      env: { ...context.env, GOWORK: 'off' },
    });
    const { code } = await attend(build, context, 'building', async () =>
      Date.now() - startedAt > BUILD_LIMIT_MS ? 'the build took over 20 minutes' : undefined,
    );
    if (code !== 0) throw new Error(lastLine(build) ?? `go build ended with code ${code}`);
    return await keep(target);
  });

async function inScratch<T>(label: string, context: ObtainContext, work: (scratch: string) => Promise<T>): Promise<T> {
  // The caller holds the lock, so what an earlier, killed process left belongs to nobody.
  for (const name of await readdir(context.directory)) {
    if (name.startsWith(`${label}-`)) await rm(join(context.directory, name), { recursive: true, force: true });
  }
  const scratch = await mkdtemp(join(context.directory, `${label}-`));
  try {
    return await work(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** Waits for the end, says now and then that it continues, and kills it once `giveUp` names a reason. */
async function attend(
  subject: ManagedProcess,
  { say, signal }: ObtainContext,
  verb: string,
  giveUp: () => Promise<string | undefined>,
) {
  const startedAt = Date.now();
  let reminderAt = startedAt + REMINDER_MS;
  while (subject.running) {
    await Promise.race([subject.exited, sleep(1_000, undefined, { ref: false })]);
    const why = signal.aborted ? String(signal.reason) : await giveUp();
    if (why !== undefined && subject.running) {
      await subject.kill();
      throw new Error(why);
    }
    if (subject.running && Date.now() >= reminderAt) {
      say(`  still ${verb} the Temporal CLI, ${Math.round((Date.now() - startedAt) / 1_000)} s so far`);
      reminderAt = Date.now() + REMINDER_MS;
    }
  }
  return await subject.exited;
}

async function sizeOf(directory: string): Promise<number> {
  const names = await readdir(directory);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(directory, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

function lastLine(subject: ManagedProcess): string | undefined {
  return subject.tail().trim().split('\n').at(-1) || undefined;
}
