import { cp, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from './processes.js';

const project = fileURLToPath(new URL('../../', import.meta.url));

/** In the build's files, by their path in `dist`. */
export type Alteration = readonly [path: string, from: string, to: string];

/** Takes customers in another order, so that it replays the history of no run that has several. */
export const OTHER_ORDER: Alteration = [
  'workflows.bundle.js',
  'claims[b] - claims[a] || a - b',
  'claims[b] - claims[a] || b - a',
];

/** Starts windows without a look at what one task may hold. */
export const ALL_AT_ONCE: Alteration = [
  'workflows.bundle.js',
  'MOST_STARTING_BYTES = 1_000_000',
  'MOST_STARTING_BYTES = 1e12',
];

/**
 * A copy of the project's build as another release would have it. @returns its folder, in which `dist` is
 *
 * @throws when a file does not have what is to be altered
 */
export async function alteredBuild(label: string, alterations: readonly Alteration[] = []): Promise<string> {
  const folder = await temporaryDirectory(`build-${label}`);
  await cp(join(project, 'dist'), join(folder, 'dist'), { recursive: true });
  await cp(join(project, 'package.json'), join(folder, 'package.json'));
  await symlink(join(project, 'node_modules'), join(folder, 'node_modules'), 'junction');
  for (const [path, from, to] of alterations) {
    const file = join(folder, 'dist', path);
    const code = await readFile(file, 'utf8');
    if (!code.includes(from)) throw new Error(`${path} of the build has no ${from}`);
    await writeFile(file, code.replaceAll(from, to));
  }
  return folder;
}
