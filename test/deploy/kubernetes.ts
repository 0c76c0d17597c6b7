import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deployTool } from '../../scripts/dev/deploy-tools.js';
import { temporaryDirectory } from '../../scripts/dev/processes.js';
import { freePort } from '../../src/fleet/free-port.js';
import { spawnManaged } from '../../src/processes/managed-process.js';
import { until } from '../support/run.js';

export interface Kubernetes {
  /** For programs that take a kubeconfig. */
  readonly environment: NodeJS.ProcessEnv;
  /** What kubectl printed; its warnings are in `stderr`. */
  kubectl(args: readonly string[], input?: string): { status: number | null; stdout: string; stderr: string };
}

/** A real API server over an etcd of its own, without nodes: it checks and keeps objects, and starts no pod. */
export async function startKubernetes(): Promise<Kubernetes> {
  const directory = await temporaryDirectory('kubernetes');
  const file = (name: string, text?: string) => {
    const path = join(directory, name);
    if (text !== undefined) writeFileSync(path, text);
    return path;
  };
  const url = (port: number) => `http://127.0.0.1:${port}`;
  const [client, peer, secure] = [await freePort(), await freePort(), await freePort()];
  await spawnManaged(
    'etcd',
    deployTool('etcd')!,
    [
      `--data-dir=${file('etcd')}`,
      `--listen-client-urls=${url(client)}`,
      `--advertise-client-urls=${url(client)}`,
      `--listen-peer-urls=${url(peer)}`,
      `--initial-advertise-peer-urls=${url(peer)}`,
      `--initial-cluster=default=${url(peer)}`,
    ],
    { logFile: file('etcd.log') },
  );
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = file('service-account.pem', privateKey.export({ type: 'pkcs1', format: 'pem' }).toString());
  await spawnManaged(
    'kube-apiserver',
    deployTool('kube-apiserver')!,
    [
      `--etcd-servers=${url(client)}`,
      `--cert-dir=${file('certificates')}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${secure}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${key}`,
      `--service-account-signing-key-file=${key}`,
      `--token-auth-file=${file('tokens.csv', 'test,test,test,system:masters')}`,
      '--service-cluster-ip-range=10.0.0.0/24',
    ],
    { logFile: file('kube-apiserver.log') },
  );
  const certificate = file('certificates/apiserver.crt');
  await until(async () => existsSync(certificate), Boolean);
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'test', cluster: { server: `https://127.0.0.1:${secure}`, 'certificate-authority': certificate } },
    ],
    users: [{ name: 'test', user: { token: 'test' } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test', namespace: 'backfill' } }],
    'current-context': 'test',
  };
  const environment = {
    PATH: process.env.PATH,
    HOME: directory,
    KUBECONFIG: file('kubeconfig', JSON.stringify(kubeconfig)),
  };
  const kubectl: Kubernetes['kubectl'] = (args, input) =>
    spawnSync(deployTool('kubectl')!, args, {
      env: environment,
      encoding: 'utf8',
      ...(input !== undefined && { input }),
    });
  await until(
    async () => kubectl(['get', '--raw', '/readyz']).status,
    (status) => status === 0,
  );
  return { environment, kubectl };
}
