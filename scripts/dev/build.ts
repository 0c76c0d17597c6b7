import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const project = fileURLToPath(new URL('../../', import.meta.url));
const dist = join(project, 'dist');
const stampFile = '.built-from';

/**
 * Makes `dist/` current: compiles `src/`, bundles the workflow code of both workers ahead of time, so that they start
 * without a compiler, and copies the files that are read as they are. Does nothing when `dist/` was built from just these sources.
 *
 * `dist/` is replaced as a whole, so that a worker that starts meanwhile never reads half of a build.
 *
 * @returns whether it had to build
 * @throws Error with the compiler's output
 */
export async function build(): Promise<boolean> {
  const stamp = await sourcesDigest();
  const built = await readFile(join(dist, stampFile), 'utf8').catch(() => undefined);
  if (built === stamp) return false;
  const fresh = join(project, `.dist-${process.pid}`);
  try {
    await compile(fresh);
    await bundle(fresh);
    await copyAssets(fresh);
    await writeFile(join(fresh, stampFile), stamp);
    await replaceDist(fresh);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return true;
}

/** Files that the compiler leaves out and the code reads: SQL, and the style sheets and scripts of pages. */
const ASSET = /\.(sql|css|js)$/;

async function copyAssets(folder: string): Promise<void> {
  const source = join(project, 'src');
  for (const file of await readdir(source, { recursive: true })) {
    if (ASSET.test(file)) await cp(join(source, file), join(folder, file));
  }
}

async function sourcesDigest(): Promise<string> {
  const sources = (await readdir(join(project, 'src'), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const digest = createHash('sha256');
  for (const file of [
    ...['package-lock.json', 'tsconfig.json', 'tsconfig.build.json'].map((f) => join(project, f)),
    ...sources,
  ]) {
    digest.update(file.slice(project.length)).update(await readFile(file));
  }
  return digest.digest('hex');
}

async function compile(folder: string): Promise<void> {
  const compiler = join(project, 'node_modules/typescript/bin/tsc');
  try {
    await promisify(execFile)(process.execPath, [compiler, '-p', 'tsconfig.build.json', '--outDir', folder], {
      cwd: project,
    });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`the build failed:\n${stdout ?? ''}${stderr ?? String(error)}`);
  }
}

/**
 * What the runs of a worker share, with all that it imports: the core, which is pure. Loaded for each run, it would start without what
 * the engine has learnt to make of it.
 */
const SHARED = [
  'events/evolve',
  'schedule/decide',
  'state/pack-to-fit',
  'state/unpack',
  'views/progress',
  'views/report',
];

/**
 * Globals as constants of the bundle. Its code runs in a `vm` context, where each use of a global name calls out of the engine, about half a
 * microsecond. Only what the SDK leaves as it is: it replaces `Date` and timers. In the first line, so that the source map stays true.
 */
const GLOBALS =
  'const { Array, Error, JSON, Map, Math, Number, Object, Promise, Set, String, TextDecoder, TextEncoder, Uint8Array, WeakMap } = globalThis; ';

async function bundle(folder: string): Promise<void> {
  // Loading the bundler takes longer than finding out that there is nothing to do.
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const logger = new DefaultLogger('WARN');
  const orchestrator = join(folder, 'workflows');
  const bundles = [
    {
      workflowsPath: orchestrator,
      payloadConverterPath: join(orchestrator, 'payload-converter.js'),
      preloadModules: SHARED.map((path) => join(folder, 'backfill', `${path}.js`)),
    },
    { workflowsPath: join(folder, 'reference-ingestion/workflows') },
  ];
  for (const { workflowsPath, ...options } of bundles) {
    const { code } = await bundleWorkflowCode({ workflowsPath: join(workflowsPath, 'index.js'), logger, ...options });
    await writeFile(`${workflowsPath}.bundle.js`, GLOBALS + code);
  }
}

/** Two renames, the nearest thing to an atomic exchange of folders. Another build that got there first is as good. */
async function replaceDist(fresh: string): Promise<void> {
  const old = `${fresh}-old`;
  if (existsSync(dist)) await rename(dist, old);
  await rename(fresh, dist).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
  await rm(old, { recursive: true, force: true });
}
