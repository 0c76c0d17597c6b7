import { spawnSync } from 'node:child_process';
import { type DeployTool, deployTool } from '../../scripts/dev/deploy-tools.js';

/** Whether a program is at hand; says so loudly where it is not, since tests that need it are skipped. */
export function has(program: string, toInstall: string): boolean {
  const found = spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
  if (!found) skipped(`there is no ${program} here. ${toInstall}`);
  return found;
}

/** Whether a tool that renders or checks the chart is at hand. */
export function hasTool(tool: DeployTool): boolean {
  const found = deployTool(tool) !== undefined;
  if (!found) skipped(`there is no ${tool} here. npm run deploy-tools (with Go and Python)`);
  return found;
}

/** Whether containers can run with limits here. */
export function isRoot(): boolean {
  const root = process.platform === 'linux' && process.getuid?.() === 0;
  if (!root) skipped('containers are started as root on Linux only');
  return root;
}

function skipped(reason: string): void {
  process.stderr.write(`\nSKIPPED: tests of deploy/ do not run: ${reason}\n`);
}
