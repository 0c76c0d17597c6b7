import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const project = fileURLToPath(new URL('../..', import.meta.url));

describe('the package', () => {
  it('has all that the command and the workers need, and nothing else', async () => {
    // As it was built before the tests: what stands in the list is what would be packed.
    const { stdout } = await promisify(execFile)('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: project,
      maxBuffer: 16 * 1024 * 1024,
    });
    const files = (JSON.parse(stdout) as [{ files: { path: string }[] }])[0].files.map(({ path }) => path);
    expect(files).toEqual(
      expect.arrayContaining([
        'dist/cli/backfill.js',
        'dist/presentation/report/html/report.css',
        'dist/presentation/report/html/report.js',
        'dist/worker.js',
        'dist/workflows.bundle.js',
        'dist/processes/reaper.mjs',
        'fleet.schema.json',
        'examples/fleet.yaml',
        'docs/cli.md',
        'README.md',
      ]),
    );
    const expected = /^(dist|docs|examples|proto)\/|^(fleet\.schema|package)\.json$|^[A-Z]+(\.md)?$/;
    expect(files.filter((path) => !expected.test(path))).toEqual([]);
  });
});
