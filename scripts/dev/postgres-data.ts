/** A PostgreSQL data directory: made, found again, and freed from what a killed run left in it. */
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chown, lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { PostgresBinaries } from './postgres-binaries.js';

const run = promisify(execFile);

export interface DataDirectory {
  /** Holds `cluster`, which is PostgreSQL's, and the superuser's password. */
  readonly path: string;
  readonly cluster: string;
  readonly password: string;
}

/** Opens the data directory at `path`, making it and its cluster on the first use. */
export async function openDataDirectory(
  path: string,
  { initdb, account }: PostgresBinaries,
  throwAway: boolean,
): Promise<DataDirectory> {
  const cluster = join(path, 'cluster');
  const passwordFile = join(path, 'superuser-password');
  await mkdir(dirname(path), { recursive: true });
  await mkdir(path, { recursive: true, mode: 0o700 });
  const { uid } = await lstat(path);
  if (account && uid !== 0 && uid !== account.uid) throw new Error(`${path} belongs to another account (uid ${uid})`);
  if (account) await chown(path, account.uid, account.gid);

  const kept = await readFile(passwordFile, 'utf8').catch(() => undefined);
  if (kept !== undefined && (await lstat(cluster).catch(() => undefined))) return { path, cluster, password: kept };

  const password = randomBytes(24).toString('base64url');
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (account) await chown(passwordFile, account.uid, account.gid);
  // Made aside and renamed, so that a run killed in the middle does not leave half a cluster that never starts.
  const making = join(path, 'cluster-in-the-making');
  await rm(making, { recursive: true, force: true });
  await run(
    initdb,
    [
      `--pgdata=${making}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      // Independent of the locales that the system happens to have.
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      ...(throwAway ? ['--no-sync'] : []),
    ],
    { cwd: path, ...account },
  );
  await rename(making, cluster);
  return { path, cluster, password };
}

/**
 * The directory to use for a wanted one. As root, PostgreSQL runs under another account, which cannot reach below a
 * directory that is closed to it (a project in /root); then one of a fixed name under /var/tmp stands in.
 */
export async function reachableDirectory(
  wanted: string,
  { account }: PostgresBinaries,
  say: (line: string) => void,
): Promise<string> {
  const path = resolve(wanted);
  if (!account) return path;
  await mkdir(dirname(path), { recursive: true });
  const reaches = await run('test', ['-x', dirname(path)], { cwd: '/', ...account }).then(
    () => true,
    () => false,
  );
  if (reaches) return path;
  const name = `backfill-scorecards-postgres-${createHash('sha256').update(path).digest('hex').slice(0, 12)}`;
  const instead = join('/var/tmp', name);
  say(`PostgreSQL keeps its data in ${instead}, since its account cannot reach ${path}`);
  return instead;
}

/**
 * Makes sure that no other server uses the cluster. After a crash, the process id in `postmaster.pid` may belong to
 * any process by now, most likely so in a container; PostgreSQL would then refuse to start indefinitely.
 *
 * @throws if a server still uses the cluster after ten seconds
 */
export async function releaseCluster(cluster: string): Promise<void> {
  const lockFile = join(cluster, 'postmaster.pid');
  const deadline = Date.now() + 10_000;
  for (;;) {
    const pid = Number((await readFile(lockFile, 'utf8').catch(() => '')).split('\n')[0]);
    if (!pid) return;
    const command = await commandOf(pid);
    if (!command.includes(cluster)) {
      if (command !== '') await rm(lockFile, { force: true });
      return;
    }
    if (Date.now() > deadline) {
      throw new Error(
        `A PostgreSQL server (process ${pid}) already uses ${cluster}. Stop it, or use another directory.`,
      );
    }
    await sleep(100);
  }
}

/** The command line of a process; empty if there is none. */
async function commandOf(pid: number): Promise<string> {
  if (process.platform === 'win32') return '';
  return await run('ps', ['-p', String(pid), '-o', 'args=']).then(
    ({ stdout }) => stdout.trim(),
    () => '',
  );
}
