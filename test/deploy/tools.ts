import { spawnSync } from 'node:child_process';

/** Whether a program is at hand; says so loudly where it is not, since tests that need it are skipped. */
export function has(program: string, toInstall: string): boolean {
  const found = spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
  if (!found) process.stderr.write(`\nSKIPPED: there is no ${program} here, so its tests do not run. ${toInstall}\n`);
  return found;
}
