/** Programs that render and check what is in deploy/: taken from PATH, or from where `npm run deploy-tools` put them. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const FOLDER = fileURLToPath(new URL('../../.cache/deploy-tools/', import.meta.url));
const HELM = 'helm.sh/helm/v3/cmd/helm@v3.19.5';
const KUBERNETES_VALIDATE = 'kubernetes-validate==1.37.0';
const KUBERNETES_SOURCE = 'v1.36.3';
const ETCD = 'go.etcd.io/etcd/server/v3';
const PROMETHEUS_OPERATOR = 'github.com/prometheus-operator/prometheus-operator@v0.92.1';

export type DeployTool = 'helm' | 'kubernetes-validate' | 'etcd' | 'kube-apiserver' | 'kubectl';

const program = (tool: DeployTool) => join(FOLDER, tool === 'kubernetes-validate' ? 'python/bin' : 'bin', tool);

/** The Prometheus operator's kinds that the chart uses. */
export const CUSTOM_RESOURCES = ['prometheusrules', 'servicemonitors', 'podmonitors'].map((kind) =>
  join(FOLDER, 'kubernetes', `${kind}.yaml`),
);

/** Where a tool is; undefined if it is nowhere. */
export function deployTool(tool: DeployTool): string | undefined {
  const places = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, tool));
  return [...places, program(tool)].find((path) => existsSync(path));
}

const run = promisify(execFile);

/** Builds Helm and a Kubernetes API server with Go and installs kubernetes-validate, whose schemas are inside, with Python; minutes, once. */
export async function installDeployTools(): Promise<void> {
  if (!deployTool('helm')) {
    await run('go', ['install', HELM], { env: { ...process.env, GOBIN: join(FOLDER, 'bin'), CGO_ENABLED: '0' } });
  }
  if (!deployTool('kubernetes-validate')) {
    await run('python3', ['-m', 'venv', join(FOLDER, 'python')]);
    await run(join(FOLDER, 'python/bin/pip'), ['install', '--quiet', KUBERNETES_VALIDATE]);
  }
  if (![...CUSTOM_RESOURCES, program('kube-apiserver')].every(existsSync)) await buildKubernetes();
}

/** Kubernetes replaces its own parts by folders, so `go install` refuses it: a module that names their releases builds it. */
async function buildKubernetes(): Promise<void> {
  const cwd = join(FOLDER, 'kubernetes');
  await mkdir(cwd, { recursive: true });
  const go = (...args: string[]) => run('go', args, { cwd, env: { ...process.env, CGO_ENABLED: '0' } });
  const downloaded = async (module: string) =>
    JSON.parse((await go('mod', 'download', '-json', module)).stdout) as { Dir: string; GoMod: string };
  const { GoMod } = await downloaded(`k8s.io/kubernetes@${KUBERNETES_SOURCE}`);
  const parts = (await readFile(GoMod, 'utf8')).matchAll(/^\s*(\S+) => \.\/staging/gm);
  const release = KUBERNETES_SOURCE.replace('v1.', 'v0.');
  const commands = ['k8s.io/kubernetes/cmd/kube-apiserver', 'k8s.io/kubernetes/cmd/kubectl'];
  await writeFile(
    join(cwd, 'go.mod'),
    [
      'module kubernetes',
      `require k8s.io/kubernetes ${KUBERNETES_SOURCE}`,
      ...[...parts].map(([, part]) => `replace ${part} => ${part} ${release}`),
    ].join('\n'),
  );
  const imports = [...commands, ETCD].map((path) => `import _ "${path}"`);
  await writeFile(join(cwd, 'tools.go'), ['//go:build tools', '', 'package kubernetes', '', ...imports].join('\n'));
  await go('mod', 'tidy');
  const version = `-X k8s.io/component-base/version.gitVersion=${KUBERNETES_SOURCE}`;
  await go('build', '-ldflags', version, '-o', join(FOLDER, 'bin/'), ...commands);
  await go('build', '-o', program('etcd'), ETCD);
  const { Dir } = await downloaded(PROMETHEUS_OPERATOR);
  for (const file of CUSTOM_RESOURCES) {
    await copyFile(join(Dir, `example/prometheus-operator-crd/monitoring.coreos.com_${basename(file)}`), file);
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
