/** Programs that render and check what is in deploy/: taken from PATH, or from where `npm run deploy-tools` put them. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const FOLDER = fileURLToPath(new URL('../../.cache/deploy-tools/', import.meta.url));
const HELM = 'helm.sh/helm/v3/cmd/helm@v3.19.5';
const KUBERNETES_VALIDATE = 'kubernetes-validate==1.37.0';

export type DeployTool = 'helm' | 'kubernetes-validate';

const program = (tool: DeployTool) => join(FOLDER, tool === 'helm' ? 'bin' : 'python/bin', tool);

/** Where a tool is; undefined if it is nowhere. */
export function deployTool(tool: DeployTool): string | undefined {
  const places = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, tool));
  return [...places, program(tool)].find((path) => existsSync(path));
}

/** Builds Helm with Go and installs kubernetes-validate, whose schemas are inside, with Python; minutes, once. */
export async function installDeployTools(): Promise<void> {
  const run = promisify(execFile);
  if (!deployTool('helm')) {
    await run('go', ['install', HELM], { env: { ...process.env, GOBIN: join(FOLDER, 'bin'), CGO_ENABLED: '0' } });
  }
  if (!deployTool('kubernetes-validate')) {
    await run('python3', ['-m', 'venv', join(FOLDER, 'python')]);
    await run(join(FOLDER, 'python/bin/pip'), ['install', '--quiet', KUBERNETES_VALIDATE]);
  }
}

/** A Helm that Go has built believes that Kubernetes is older than it is. */
export const KUBERNETES = ['--kube-version', '1.30.0'];

/** What `helm template` renders. */
export const rendered = (helm: string, ...args: string[]): string =>
  execFileSync(helm, ['template', 'backfill', 'deploy/chart', '--namespace', 'backfill', ...KUBERNETES, ...args], {
    cwd: fileURLToPath(new URL('../../', import.meta.url)),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
