import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const path = (file: string) => fileURLToPath(new URL(`../../${file}`, import.meta.url));
const read = (file: string) => readFileSync(path(file), 'utf8');
const manifest = JSON.parse(read('package.json'));

describe('what a newcomer or a CI service reads first', () => {
  it('is a workflow that runs .ci/run on every major version of Node that package.json names', () => {
    const { jobs } = parse(read('.github/workflows/ci.yml'));
    const majors = [...manifest.engines.node.matchAll(/(\d+)[\d.]*/g)].map(([, major]) => Number(major));
    expect(jobs.test.strategy.matrix.node).toEqual(majors);
    expect(jobs.test.steps.map(({ run }: { run?: string }) => run)).toContain('.ci/run');
    expect(majors).toContain(Number(read('.nvmrc')));
  });

  it('is a debugger configuration whose programs exist', () => {
    const { configurations } = JSON.parse(read('.vscode/launch.json'));
    for (const { program } of configurations) {
      const file = program.replace(`\${workspaceFolder}/`, '').replace(/^dist\/(.*)\.js$/, 'src/$1.ts');
      expect(existsSync(path(file)), file).toBe(true);
    }
  });

  it('is a check before each push, switched on by one command', () => {
    expect(manifest.scripts.hooks).toBe('git config core.hooksPath .ci/hooks');
    const hook = path('.ci/hooks/pre-push');
    expect(statSync(hook).mode & 0o111).not.toBe(0);
    expect(spawnSync('bash', ['-n', hook]).status).toBe(0);
  });

  it('is a package with its license', () => {
    expect(read('LICENSE')).toMatch(/^MIT License\n/);
    expect(manifest.license).toBe('MIT');
  });
});
