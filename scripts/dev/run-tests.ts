import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { removeTemporaryDirectory, temporaryDirectory } from './processes.js';

const VITEST = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));

export interface TestCounts {
  passed: number;
  failed: number;
  /** Full names. */
  skipped: string[];
}

export interface TestOptions {
  env?: NodeJS.ProcessEnv;
  /** The executable of Node that runs them. Default: this one. */
  node?: string;
}

/** What vitest's JSON reporter writes, as far as it is read here. */
interface Results {
  numPassedTests: number;
  numFailedTests: number;
  success: boolean;
  testResults: { assertionResults: { fullName: string; status: string }[] }[];
}

/** Runs vitest with these arguments, shows what it prints, and counts. */
export async function runTests(
  args: readonly string[],
  { env = {}, node = process.execPath }: TestOptions = {},
): Promise<TestCounts> {
  const directory = await temporaryDirectory('tests');
  const file = join(directory, 'results.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const vitest = spawn(node, [VITEST, 'run', ...args, ...reporters], {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  await once(vitest, 'exit');
  const { numPassedTests, numFailedTests, success, testResults } = JSON.parse(await readFile(file, 'utf8')) as Results;
  await removeTemporaryDirectory(directory);
  const skipped = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status !== 'passed' && status !== 'failed')
    .map(({ fullName }) => fullName);
  // A file that could not even be loaded has no tests of its own; it counts as one that failed.
  return { passed: numPassedTests, failed: success ? 0 : Math.max(1, numFailedTests), skipped };
}

/** A line for each of them and one for all; the process fails if a test did. */
export function showCounts(all: ReadonlyMap<string, TestCounts>): void {
  const lines: string[] = [];
  const sum = { passed: 0, failed: 0 };
  for (const [name, { passed, failed, skipped }] of all) {
    lines.push(`${name}: ${passed} passed, ${failed} failed, ${skipped.length} skipped`);
    lines.push(...skipped.map((test) => `  skipped on ${name}, which lacks what it needs: ${test}`));
    sum.passed += passed;
    sum.failed += failed;
  }
  process.stdout.write(`\n${lines.join('\n')}\n\n${sum.passed} passed, ${sum.failed} failed\n`);
  process.exitCode = sum.failed > 0 ? 1 : 0;
}

/** The versions named on the command line, or all. */
export function versionsAsked(known: readonly string[]): readonly string[] {
  const asked = process.argv.slice(2);
  const unknown = asked.filter((version) => !known.includes(version));
  if (unknown.length > 0) throw new Error(`expected any of ${known.join(', ')}; got ${unknown.join(', ')}`);
  return asked.length > 0 ? asked : known;
}
