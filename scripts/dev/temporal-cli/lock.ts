import { randomUUID } from 'node:crypto';
import { mkdir, rename, rmdir, stat, utimes } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const BEAT_MS = 2_000;
/** Many beats, since a machine that builds a large program is slow at everything else. */
const STALE_MS = 30_000;
const REMINDER_MS = 20_000;

/**
 * Runs `work` while no other process does so under the same lock, a directory at `path`.
 *
 * The holder renews the directory's time stamp, and a stamp that stops moving means that the holder died. A process
 * id would not say so: it is used again, and it means nothing in another container that shares the directory.
 * A holder that was suspended for long may find the lock taken over, so `work` must still leave only whole files;
 * its signal aborts in that case.
 */
export async function withDirectoryLock<T>(
  path: string,
  say: (line: string) => void,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  let reminder = Date.now();
  while (!(await acquire(path))) {
    if (Date.now() >= reminder) {
      say('Waiting for another process that is obtaining the Temporal CLI…');
      reminder = Date.now() + REMINDER_MS;
    }
    await sleep(250);
  }
  const lost = new AbortController();
  const { ino } = await stat(path);
  const beat = setInterval(() => {
    renew(path, ino).catch((error) => lost.abort(error));
  }, BEAT_MS);
  try {
    return await work(lost.signal);
  } finally {
    clearInterval(beat);
    if (!lost.signal.aborted) await rmdir(path).catch(() => {});
  }
}

async function acquire(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const held = await stat(path).catch(() => undefined);
  if (held && Date.now() - held.mtimeMs > STALE_MS) {
    // A rename, which only one of several waiting processes can win.
    const aside = `${path}-stale-${randomUUID()}`;
    await rename(path, aside).then(
      () => rmdir(aside),
      () => {},
    );
  }
  return false;
}

async function renew(path: string, ino: number): Promise<void> {
  if ((await stat(path)).ino !== ino) throw new Error('the lock was taken over by another process');
  const now = new Date();
  await utimes(path, now, now);
}
