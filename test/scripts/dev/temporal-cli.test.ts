import { mkdir, mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ObtainInto } from '../../../scripts/dev/temporal-cli/obtain.js';
import { type ObtainOptions, obtainTemporalCli } from '../../../scripts/dev/temporal-cli.js';
import { script } from './support.js';

const working = (version: string) => `echo "temporal version ${version} (Server 1.29.1, UI 2.42.1)"`;
const BROKEN = 'echo "cannot execute: wrong platform" >&2; exit 126';

let root: string;
let cacheDirectory: string;
let said: string[];
let obtained: string[];

/** A way to obtain that leaves a script with this body, as a download or a build would leave an executable. */
const leaving =
  (name: string, body: string): ObtainInto =>
  async ({ directory }, keep) => {
    obtained.push(name);
    return await keep(await script(join(directory, `${name}-scratch`), 'temporal', body));
  };
const failing =
  (name: string, message: string): ObtainInto =>
  async () => {
    obtained.push(name);
    throw new Error(message);
  };

const obtain = (options: ObtainOptions & { path?: string[] } = {}) =>
  obtainTemporalCli({
    cacheDirectory,
    say: (line) => said.push(line),
    download: failing('download', 'no network'),
    build: failing('build', 'no Go'),
    ...options,
    env: { PATH: (options.path ?? []).join(delimiter), ...options.env },
  });

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'obtain-cli-'));
  cacheDirectory = join(root, 'cache');
  said = [];
  obtained = [];
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('obtainTemporalCli', () => {
  it('takes TEMPORAL_CLI_PATH before anything else', async () => {
    const own = await script(join(root, 'own'), 'my-temporal', working('1.1.1'));
    await script(join(root, 'bin'), 'temporal', working('2.2.2'));
    const cli = await obtain({ env: { TEMPORAL_CLI_PATH: own }, path: [join(root, 'bin')] });
    expect(cli).toEqual({ path: own, version: expect.stringContaining('1.1.1'), source: 'TEMPORAL_CLI_PATH' });
  });

  it('fails at once when TEMPORAL_CLI_PATH is broken, though others would work', async () => {
    await script(join(root, 'bin'), 'temporal', working('2.2.2'));
    const own = await script(root, 'broken', BROKEN);
    for (const path of [own, join(root, 'missing')]) {
      await expect(obtain({ env: { TEMPORAL_CLI_PATH: path }, path: [join(root, 'bin')] })).rejects.toThrow(
        `TEMPORAL_CLI_PATH is ${path}`,
      );
    }
    expect(obtained).toEqual([]);
  });

  it('takes the first `temporal` on PATH that works and reports the broken ones', async () => {
    const broken = await script(join(root, 'a'), 'temporal', BROKEN);
    const impostor = await script(join(root, 'b'), 'temporal', 'echo something else');
    const good = await script(join(root, 'c'), 'temporal', working('3.3.3'));
    const path = ['a', 'missing', 'b', 'c'].map((name) => join(root, name));
    expect(await obtain({ path })).toMatchObject({ path: good, source: 'PATH' });
    expect(said).toEqual([
      expect.stringMatching(new RegExp(`Skipping ${broken}.*wrong platform`)),
      expect.stringMatching(new RegExp(`Skipping ${impostor}.*something else`)),
    ]);
  });

  it('downloads before it builds, and takes the cache the next time', async () => {
    const ways = { download: leaving('download', working('4.4.4')), build: leaving('build', working('5.5.5')) };
    const first = await obtain(ways);
    expect(first).toMatchObject({ version: expect.stringContaining('4.4.4'), source: 'download' });
    expect(await obtain(ways)).toEqual({ ...first, source: 'cache' });
    expect(obtained).toEqual(['download']);
  });

  it('builds when the download fails, or leaves something that does not run', async () => {
    for (const download of [failing('download', 'no network'), leaving('download', BROKEN)]) {
      await rm(cacheDirectory, { recursive: true, force: true });
      const cli = await obtain({ download, build: leaving('build', working('5.5.5')) });
      expect(cli).toMatchObject({ version: expect.stringContaining('5.5.5'), source: 'build' });
    }
    expect(obtained).toEqual(['download', 'build', 'download', 'build']);
  });

  it('replaces a cached executable that no longer runs', async () => {
    const { path } = await obtain({ download: leaving('download', working('4.4.4')) });
    await script(cacheDirectory, path.slice(cacheDirectory.length + 1), BROKEN);
    expect(await obtain({ build: leaving('build', working('5.5.5')) })).toMatchObject({ path, source: 'build' });
    expect(said.join('\n')).toContain(`Skipping the cached ${path}`);
  });

  it('names all that was tried, why each failed and what to install', async () => {
    const broken = await script(join(root, 'bin'), 'temporal', BROKEN);
    const error = await obtain({ path: [join(root, 'bin')] }).catch((error: Error) => error.message);
    for (const part of [
      `PATH: ${broken}`,
      'wrong platform',
      `cache: no working ${cacheDirectory}`,
      'download: no network',
      'build: no Go',
      'TEMPORAL_CLI_PATH',
      'TEMPORAL_ADDRESS',
      'install the CLI',
      'Go 1.25',
    ]) {
      expect(error).toContain(part);
    }
  });

  it('obtains once when many ask at the same time', async () => {
    const ways = { download: leaving('download', working('4.4.4')) };
    const all = await Promise.all(Array.from({ length: 5 }, () => obtain(ways)));
    expect(obtained).toEqual(['download']);
    expect(all.map(({ source }) => source).sort()).toEqual(['cache', 'cache', 'cache', 'cache', 'download']);
    expect(await readdir(cacheDirectory)).not.toContain('lock');
  });

  it('takes over the lock of a process that died', async () => {
    const longAgo = new Date(Date.now() - 3_600_000);
    await mkdir(join(cacheDirectory, 'lock'), { recursive: true });
    await utimes(join(cacheDirectory, 'lock'), longAgo, longAgo);
    expect(await obtain({ build: leaving('build', working('5.5.5')) })).toMatchObject({ source: 'build' });
  });
});
