import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { deployFiles } from '../../scripts/dev/deploy-files.js';
import { CUSTOM_RESOURCES, deployTool, KUBERNETES, rendered } from '../../scripts/dev/deploy-tools.js';
import { stopAll, temporaryDirectory } from '../../scripts/dev/processes.js';
import { until } from '../support/run.js';
import { type Kubernetes, startKubernetes } from './kubernetes.js';
import { hasTool } from './tools.js';

const project = fileURLToPath(new URL('../../', import.meta.url));
const inProject = (path: string) => readFileSync(join(project, path), 'utf8');

interface PodSpec {
  containers: { name: string; image: string; args: string[]; resources: object; securityContext: object }[];
  securityContext: object;
  automountServiceAccountToken: boolean;
}
interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  spec: { template: { spec: PodSpec }; groups: { rules: { alert: string }[] }[] };
  data: Record<string, string>;
}

const clusters = readdirSync(join(project, 'deploy/examples/clusters')).map((file) => file.replace('.yaml', ''));
const valuesOf = (cluster: string) => [
  ...['--values', 'deploy/examples/common.yaml'],
  ...['--values', `deploy/examples/clusters/${cluster}.yaml`],
];
/** Whom the chart is installed for, with the values of each. */
const installations: [name: string, values: string[]][] = [
  ['a cluster of its own', ['--set', 'cluster=one', '--set', 'serve.tokenSecret=token']],
  [
    'temporal-worker-controller',
    ['--set', 'cluster=one,workerDeployment.enabled=true,workerDeployment.connection=temporal'],
  ],
  [
    'Temporal Cloud with a client certificate, an API key and webhooks',
    [
      '--set',
      'cluster=one,temporal.address=a.tmprl.cloud:7233,temporal.serverName=a,temporal.clientCertificateSecret=tls,' +
        'temporal.apiKeySecret=key,worker.webhooksSecret=webhooks,schedule.enabled=true,serve.readOnly=true',
    ],
  ],
  ...clusters.map((cluster): [string, string[]] => [cluster, valuesOf(cluster)]),
];

const objectsIn = (yaml: string) =>
  parseAllDocuments(yaml)
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((object) => object !== null);

describe.skipIf(!hasTool('helm'))('The chart', () => {
  const helm = deployTool('helm')!;
  let scratch: string;
  beforeAll(async () => {
    scratch = await temporaryDirectory('chart');
  });
  afterAll(() => stopAll());

  const ofKind = (values: string[], kind: string) =>
    objectsIn(rendered(helm, ...values)).filter((object) => object.kind === kind);

  it('is what the plain manifest and the examples were generated from', () => {
    for (const [path, text] of Object.entries(deployFiles(helm))) {
      expect(inProject(path), `${path} is out of date: npm run generate:deploy`).toBe(text);
    }
  });

  it('has an example for all eight clusters, which serve and the alerts of runs show in one place', () => {
    expect(clusters).toHaveLength(8);
    const serving = clusters.filter((cluster) => ofKind(valuesOf(cluster), 'Service').length > 0);
    expect(serving).toEqual(['us-east-1-prod']);
    for (const cluster of clusters) {
      const alerts = ofKind(valuesOf(cluster), 'PrometheusRule')[0]!.spec.groups.flatMap(({ rules }) => rules);
      const names = alerts.map(({ alert }) => alert);
      expect(names).toContain('TemporalPollersDisconnected');
      expect(names.includes('BackfillServerDown')).toBe(cluster === 'us-east-1-prod');
    }
  });

  it('renders the busiest example as reviewed', async () => {
    // The rules have tests of their own.
    const objects = rendered(helm, ...valuesOf('us-east-1-prod')).split(/^---$/m);
    const reviewed = objects.filter((object) => !object.includes('kind: PrometheusRule')).join('---');
    await expect(reviewed).toMatchFileSnapshot('snapshots/us-east-1-prod.yaml');
  });

  it.each(installations)('passes lint for %s, and its pods pass the strictest policy of Kubernetes', (_, values) => {
    execFileSync(helm, ['lint', '--strict', 'deploy/chart', ...KUBERNETES, ...values], { cwd: project, stdio: 'pipe' });
    const pods = objectsIn(rendered(helm, ...values)).flatMap(({ spec }) => spec?.template?.spec ?? []);
    expect(pods.length).toBeGreaterThan(0);
    for (const pod of pods) {
      expect(pod).toMatchObject({
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      });
      for (const { args, resources, securityContext } of pod.containers) {
        expect(['worker', 'serve', 'backfill']).toContain(args[0]);
        expect(resources).toMatchObject({ limits: { memory: expect.any(String) } });
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      }
    }
  });

  it.each(clusters)('gives commands in %s a fleet file and options that they take', (cluster) => {
    const [config] = ofKind(valuesOf(cluster), 'ConfigMap');
    const fleet = parse(config!.data['fleet.yaml']!) as { clusters: Record<string, { address: string }> };
    // An address that refuses at once: a command gets so far only if it accepts its file and its options.
    for (const { address } of Object.values(fleet.clusters)) expect(address).toMatch(/:7233$/);
    fleet.clusters[cluster] = { address: '127.0.0.1:1' };
    const file = join(scratch, `${cluster}.yaml`);
    writeFileSync(file, stringify(fleet));
    const jobs = ofKind(valuesOf(cluster), 'Job').map(({ spec }) => spec.template.spec.containers[0]!);
    const { args } = jobs.find(({ name }) => name === 'schedule')!;
    const command = args.slice(1).map((arg) => (arg === '/etc/backfill/fleet/fleet.yaml' ? file : arg));
    const { status, stderr } = spawnSync(process.execPath, ['dist/cli/backfill.js', ...command], {
      cwd: project,
      encoding: 'utf8',
    });
    expect(stderr).toContain(`${cluster} is unreachable`);
    expect(status).toBe(5);
  });

  it.each([
    ['no name of the cluster', []],
    ['an unknown value', ['--set', 'cluster=one,worker.replica=3']],
    ['an address without a port', ['--set', 'cluster=one,temporal.address=temporal']],
    ['a worker without a memory limit', ['--set', 'cluster=one,worker.resources.limits.memory=null']],
    ['a controller without a connection', ['--set', 'cluster=one,workerDeployment.enabled=true']],
  ])('refuses %s', (_, values) => {
    expect(() => rendered(helm, ...values)).toThrow(/values don't meet the specifications of the schema/);
  });

  describe.skipIf(!hasTool('kubernetes-validate'))('makes objects', () => {
    const validate = deployTool('kubernetes-validate')!;

    it.each(['1.30.0', '1.37.0'])('that Kubernetes %s has, without a field that it does not know', (version) => {
      const files = installations.flatMap(([name, values]) =>
        objectsIn(rendered(helm, ...values)).flatMap((object) => {
          if (object.apiVersion.startsWith('monitoring.coreos.com')) return [];
          const file = join(scratch, version, `${name} ${object.kind} ${object.metadata.name}.yaml`);
          mkdirSync(dirname(file), { recursive: true });
          writeFileSync(file, stringify(asDeployment(object)));
          return [file];
        }),
      );
      const args = ['--strict', '--kubernetes-version', version, ...files];
      const { status, stdout, stderr } = spawnSync(validate, args, { encoding: 'utf8', maxBuffer: 1e8 });
      expect(`${stdout}${stderr}`.split('\n').filter((line) => /error|warn/i.test(line))).toEqual([]);
      expect(status).toBe(0);
    });
  });

  describe.skipIf(!hasTool('kube-apiserver'))('installed with a real API server', { timeout: 120_000 }, () => {
    let kubernetes: Kubernetes;
    beforeAll(async () => {
      kubernetes = await startKubernetes();
      const namespace = {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: {
          name: 'backfill',
          labels: {
            'pod-security.kubernetes.io/enforce': 'restricted',
            'pod-security.kubernetes.io/warn': 'restricted',
          },
        },
      };
      expect(kubernetes.kubectl(['create', '--filename', '-'], stringify(namespace))).toMatchObject({ status: 0 });
      for (const file of CUSTOM_RESOURCES) {
        expect(kubernetes.kubectl(['create', '--filename', file])).toMatchObject({ status: 0 });
        const kind = file.replace(/.*\/|\.yaml$/g, '');
        await until(
          async () => kubernetes.kubectl(['get', kind]).status,
          (status) => status === 0,
        );
      }
    }, 180_000);

    const manifests: [name: string, yaml: () => string][] = [
      ...installations.map(([name, values]): [string, () => string] => [name, () => rendered(helm, ...values)]),
      ['a cluster without Helm', () => inProject('deploy/manifest.yaml')],
    ];
    it.each(manifests)('passes its dry run for %s without a warning, on both sides', (_, yaml) => {
      const objects = objectsIn(yaml()).map(asDeployment);
      for (const side of ['client', 'server']) {
        const args = ['apply', `--dry-run=${side}`, '--validate=strict', '--filename', '-'];
        const { stdout, stderr } = kubernetes.kubectl(args, objects.map((object) => stringify(object)).join('---\n'));
        expect(stderr).toBe('');
        expect(stdout.match(/ created \(/g)).toHaveLength(objects.length);
      }
    });

    it('gets over an upgrade to another version, and keeps the token of its pages', () => {
      const install = (tag: string) =>
        execFileSync(
          helm,
          ['upgrade', '--install', 'backfill', 'deploy/chart', '--no-hooks', '--set', `cluster=one,image.tag=${tag}`],
          { cwd: project, env: kubernetes.environment, stdio: 'pipe' },
        );
      const get = (what: string, path: string) =>
        kubernetes.kubectl(['get', what, '--output', `jsonpath=${path}`]).stdout;
      install('1.0.1');
      const token = get('secret/backfill-serve-token', '{.data.token}');
      expect(Buffer.from(token, 'base64').toString()).toMatch(/^\w{32,}$/);
      install('1.0.2');
      expect(get('secret/backfill-serve-token', '{.data.token}')).toBe(token);
      const images = '{.items[*].spec.template.spec.containers[*].image}';
      expect(get('deployments', images)).toBe('backfill-scorecards:1.0.2 backfill-scorecards:1.0.2');
    });
  });
});

/** A WorkerDeployment's pods are checked as a Deployment's are. */
function asDeployment(object: KubernetesObject): object {
  if (object.kind !== 'WorkerDeployment') return object;
  const { template } = object.spec;
  const { labels } = (template as unknown as { metadata: { labels: object } }).metadata;
  return {
    ...object,
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    spec: { selector: { matchLabels: labels }, template },
  };
}
