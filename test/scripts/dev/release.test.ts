import { execFile, spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { removeTemporaryDirectory, temporaryDirectory } from '../../../scripts/dev/processes.js';
import { HISTORIES, PACKAGES, planRelease, RELEASED_PROTOS } from '../../../scripts/dev/release.js';

const run = promisify(execFile);
const project = fileURLToPath(new URL('../../..', import.meta.url));
const CHANGES = '# Changelog\n\n## Unreleased\n\n- Runs end.\n\n## 0.1.0 (2026-01-31)\n\n- Runs begin.\n';

const PROTO = 'proto/job.proto';
const protoWith = (field: string) => `syntax = "proto3";\npackage jobs;\nmessage Job {\n  ${field}\n}\n`;

/** A small project at version 0.1.0, committed, with one recorded history and one message. */
async function withProject(use: (folder: string, git: (...args: string[]) => Promise<string>) => Promise<void>) {
  const folder = await temporaryDirectory('release');
  const git = async (...args: string[]) => (await run('git', args, { cwd: folder })).stdout.trim();
  try {
    const manifest = { name: 'backfill-scorecards', version: '0.1.0', private: true };
    await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
    await writeFile(
      join(folder, 'package-lock.json'),
      JSON.stringify({ ...manifest, lockfileVersion: 3, packages: {} }),
    );
    await writeFile(join(folder, 'CHANGELOG.md'), CHANGES);
    await writeFile(join(folder, '.gitignore'), '.cache\nnode_modules\n');
    await mkdir(join(folder, HISTORIES), { recursive: true });
    await writeFile(join(folder, HISTORIES, 'sequential.json'), '{}');
    await symlink(join(project, 'node_modules'), join(folder, 'node_modules'));
    await writeFile(join(folder, 'buf.yaml'), 'version: v2\nmodules:\n  - path: proto\n');
    await mkdir(join(folder, 'proto'));
    await writeFile(join(folder, PROTO), protoWith('string name = 1;'));
    await run('npx', ['buf', 'build', '-o', RELEASED_PROTOS], { cwd: folder });
    await git('init', '--quiet');
    await git('config', 'user.name', 'a maintainer');
    await git('config', 'user.email', 'maintainer@example.com');
    await git('config', 'core.hooksPath', '.ci/hooks');
    await git('add', '.');
    await git('commit', '--quiet', '-m', 'Begin');
    await use(folder, git);
  } finally {
    await removeTemporaryDirectory(folder);
  }
}

describe('a release', () => {
  it('keeps the histories, dates the changes, packs, commits and tags, and leaves a clean work tree', () =>
    withProject(async (folder, git) => {
      const { problems, steps } = await planRelease(folder, '0.2.0', '2026-02-28');
      expect(problems).toEqual([]);
      // The replays of the first step are test/replay itself.
      for (const { perform } of steps.slice(1)) await perform();
      expect(await readdir(join(folder, HISTORIES, '0.2.0'))).toEqual(['sequential.json']);
      expect(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))).toMatchObject({ version: '0.2.0' });
      expect(await readFile(join(folder, 'CHANGELOG.md'), 'utf8')).toBe(
        CHANGES.replace('## Unreleased\n', '## Unreleased\n\n## 0.2.0 (2026-02-28)\n'),
      );
      expect(await readdir(join(folder, PACKAGES))).toEqual(['backfill-scorecards-0.2.0.tgz']);
      expect(await git('describe', '--exact-match')).toBe('v0.2.0');
      expect(await git('status', '--porcelain')).toBe('');
    }));

  it('compares the next change of a proto with its own, so that no client of this release breaks unseen', () =>
    withProject(async (folder, git) => {
      const breaking = () => run('npx', ['buf', 'breaking', '--against', RELEASED_PROTOS], { cwd: folder });
      await writeFile(join(folder, PROTO), protoWith('string name = 1;\n  string cluster = 2;'));
      await git('commit', '--quiet', '-am', 'A job says its cluster');
      const { steps } = await planRelease(folder, '0.2.0', '2026-02-28');
      for (const { perform } of steps.slice(1)) await perform();
      await writeFile(join(folder, PROTO), protoWith('string name = 1;\n  int32 cluster = 2;'));
      await expect(breaking()).rejects.toMatchObject({ stdout: expect.stringContaining('changed type') });
      expect(await git('diff', '--stat', 'HEAD', '--', RELEASED_PROTOS)).toBe('');
    }));

  it.each([
    ['a version that is not one', '1.0', /expected a version such as 0\.1\.0; got 1\.0/],
    ['an earlier version', '0.0.9', /expected 0\.1\.0 or a later version; got 0\.0\.9/],
  ])('is refused for %s', (_what, version, problem) =>
    withProject(async (folder) => {
      expect((await planRelease(folder, version, '2026-02-28')).problems).toEqual([expect.stringMatching(problem)]);
    }),
  );

  it('is refused while a change is not committed, while nothing has changed, and for a version whose histories are kept', () =>
    withProject(async (folder) => {
      await writeFile(join(folder, 'CHANGELOG.md'), '# Changelog\n\n## Unreleased\n\n## 0.1.0 (2026-01-31)\n');
      await mkdir(join(folder, HISTORIES, '0.2.0'));
      expect((await planRelease(folder, '0.2.0', '2026-02-28')).problems).toEqual([
        'expected changes under "## Unreleased" in CHANGELOG.md; found none',
        `expected a new version; ${HISTORIES}/0.2.0 has the histories of 0.2.0`,
        expect.stringContaining('expected a clean work tree'),
      ]);
    }));

  it('of this project says with --dry-run what it would do, and changes nothing', async () => {
    const status = () => spawnSync('git', ['status', '--porcelain'], { cwd: project, encoding: 'utf8' }).stdout;
    const before = status();
    // Its exit code says whether the work tree is clean, which a person who runs the tests may not have.
    const { stdout } = await run('npx', ['tsx', 'scripts/release.ts', '999.0.0', '--dry-run'], { cwd: project }).catch(
      (error: { stdout: string }) => error,
    );
    const steps = stdout.trim().split('\n');
    expect(steps).toHaveLength(7);
    expect(steps.every((step) => /^\d\. would /.test(step))).toBe(true);
    expect(status()).toBe(before);
  });
});
