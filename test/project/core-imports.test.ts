import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeTemporaryDirectory, temporaryDirectory } from '../../scripts/dev/processes.js';

const project = fileURLToPath(new URL('../..', import.meta.url));
const ROOMS = 'only the rooms below it';
const OUTSIDE = 'nothing outside src/backfill';
const LIBRARIES = 'knows nothing of Temporal or Node';

const refused = [
  ['hours/a.ts', '../state/state.js', ROOMS],
  ['commands/b.ts', '../views/log.js', ROOMS],
  ['c.ts', './hours/window.js', ROOMS],
  ['d.ts', '../json.js', OUTSIDE],
  ['views/e.ts', '../../runs/time-limit.js', OUTSIDE],
  ['views/f.ts', 'node:fs', LIBRARIES],
  ['views/g.ts', '@temporalio/common', LIBRARIES],
] as const;
const allowed = [
  ['views/h.ts', '../state/state.js'],
  ['state/i.ts', '../words.js'],
  ['request/j.ts', 'zod'],
] as const;

let folder: string;
/** What the linter finds in each of these files, in a folder like the core. */
let found: string;

beforeAll(async () => {
  folder = await temporaryDirectory('core-imports');
  const plugins = [join(project, '.ci/lint/core-imports.grit')];
  writeFileSync(join(folder, 'biome.json'), JSON.stringify({ plugins, linter: { rules: { preset: 'none' } } }));
  for (const [file, source] of [...refused, ...allowed]) {
    const path = join(folder, 'src/backfill', file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `import { one } from '${source}';\n\nexport const two = one + 1;\n`);
  }
  const biome = join(project, 'node_modules/@biomejs/biome/bin/biome');
  const { stdout, stderr } = spawnSync(process.execPath, [biome, 'lint', '.'], { cwd: folder, encoding: 'utf8' });
  found = stdout + stderr;
});
afterAll(() => removeTemporaryDirectory(folder));

/** The findings in one file. */
const findingsIn = (file: string): string =>
  found
    .split(/^(?=src\/)/m)
    .filter((finding) => finding.startsWith(`src/backfill/${file}`))
    .join('');

describe('the linter', () => {
  it.each(refused)('refuses that a file of the core like %s imports %s', (file, _source, message) => {
    expect(findingsIn(file)).toContain(message);
  });

  it.each(allowed)('lets a file of the core like %s import %s', (file) => {
    expect(findingsIn(file)).toBe('');
  });
});
