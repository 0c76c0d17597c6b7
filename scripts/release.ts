/**
 * `npm run release -- VERSION [--dry-run]`: replays and keeps the recorded histories, sets the version, dates the
 * changelog, packs, commits and tags. It pushes and publishes nothing. With `--dry-run` it only says what it would do.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { planRelease } from './dev/release.js';

const project = fileURLToPath(new URL('..', import.meta.url));
const usage = 'usage: npm run release -- VERSION [--dry-run]';

try {
  const { values, positionals } = parseArgs({ options: { 'dry-run': { type: 'boolean' } }, allowPositionals: true });
  const [version, ...others] = positionals;
  if (!version || others.length > 0) throw new Error(usage);
  const dryRun = values['dry-run'] ?? false;
  const { problems, steps } = await planRelease(project, version, new Date().toISOString().slice(0, 10));
  for (const problem of problems) console.error(problem);
  if (problems.length > 0 && !dryRun) throw new Error('nothing was changed');
  for (const [index, { what, perform }] of steps.entries()) {
    console.log(`${index + 1}. ${dryRun ? 'would ' : ''}${what}`);
    if (!dryRun) await perform();
  }
  if (!dryRun) console.log(`Done. To publish: git push --follow-tags`);
  if (problems.length > 0) process.exitCode = 1;
} catch (error) {
  const { message, stdout, stderr } = error as Error & { stdout?: string; stderr?: string };
  console.error([stdout, stderr, message].filter(Boolean).join('\n'));
  process.exitCode = 1;
}
