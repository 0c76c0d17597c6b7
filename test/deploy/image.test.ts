import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeTemporaryDirectory, temporaryDirectory } from '../../scripts/dev/processes.js';
import { startTemporalServer, type TemporalServer } from '../../scripts/dev/temporal-server.js';
import { freePort } from '../../src/fleet/free-port.js';
import { type ManagedProcess, spawnManaged } from '../../src/processes/managed-process.js';
import { GrpcProxy } from '../support/grpc-proxy.js';
import { until } from '../support/run.js';
import { has, isRoot } from './tools.js';

const project = fileURLToPath(new URL('../../', import.meta.url));
const IMAGE = 'localhost/backfill-scorecards:test';
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

describe.skipIf(!isRoot() || !has('podman', 'On Debian: apt-get install podman runc'))('The image', () => {
  let storage: string;
  let server: TemporalServer;
  let worker: ManagedProcess;
  let startedIn: number;

  const podman = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync('podman', [...storageOptions(), ...args], {
      cwd: project,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    return { status, output: stdout.trim(), errors: stderr };
  };
  const inside = (...command: string[]) => podman('exec', 'worker', ...command);
  const storageOptions = () => [
    ...['--root', join(storage, 'root'), '--runroot', join(storage, 'run'), '--storage-driver', 'vfs'],
    ...['--cgroup-manager', 'cgroupfs'],
    ...(spawnSync('runc', ['--version']).status === 0 ? ['--runtime', 'runc'] : []),
  ];
  // As a cluster's strictest policy runs it. The limits are low since a test machine may not let them be raised.
  const restricted = [
    ...['--rm', '--read-only', '--read-only-tmpfs=false', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
    ...['--network', 'host', '--memory', '256m', '--ulimit', 'nofile=4096:4096', '--ulimit', 'nproc=512:512'],
  ];

  /** Starts the worker and waits until it is ready. */
  async function startWorker(name: string, address: string) {
    const health = `127.0.0.1:${await freePort()}`;
    const environment = { TEMPORAL_ADDRESS: address, BACKFILL_HEALTH_ADDRESS: health };
    const container = await spawnManaged('container', 'podman', [
      ...[...storageOptions(), 'run', ...restricted, '--name', name],
      ...Object.entries(environment).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
      IMAGE,
    ]);
    const readiness = () =>
      fetch(`http://${health}/readyz`).then(
        ({ status }) => status,
        () => undefined,
      );
    await until(readiness, (status) => status === 200);
    return { container, readiness };
  }

  beforeAll(async () => {
    storage = await temporaryDirectory('images');
    server = await startTemporalServer();
    const base = execFileSync('bash', ['test/deploy/node-base.sh'], { cwd: project, maxBuffer: 1024 ** 3 });
    execFileSync(
      'podman',
      // A registry may be behind a proxy with a certificate of its own.
      [...storageOptions(), 'import', '--change', `ENV=NODE_EXTRA_CA_CERTS=${CERTIFICATES}`, '-', 'base'],
      { input: base, stdio: ['pipe', 'ignore', 'ignore'] },
    );
    const npmrc = join(homedir(), '.npmrc');
    const built = podman(
      ...['build', '--file', 'deploy/Dockerfile', '--tag', IMAGE, '--layers=false', '--isolation', 'chroot'],
      ...['--network', 'host', ...(existsSync(npmrc) ? ['--secret', `id=npmrc,src=${npmrc}`] : [])],
      ...['--build-arg', 'BUILD_IMAGE=localhost/base', '--build-arg', 'RUNTIME_IMAGE=localhost/base', '.'],
    );
    expect(built.status, built.errors).toBe(0);
    worker = (await startWorker('worker', server.address)).container;
    startedIn = Date.now() - Number(podman('inspect', '--format', '{{.State.StartedAt.UnixMilli}}', 'worker').output);
  }, 600_000);
  afterAll(async () => {
    podman('rm', '--force', '--all');
    await server?.stop();
    await removeTemporaryDirectory(storage);
  });

  it('The worker runs with 256 MB, no root, no capability and no write access', () => {
    expect(inside('id', '-u').output).toBe('65532');
    expect(inside('sh', '-c', 'echo > /app/new').status).not.toBe(0);
    expect(inside('sh', '-c', 'cat /proc/1/environ').output).toContain('NODE_OPTIONS=--max-old-space-size=204 ');
    const megabytes = Number(/VmRSS:\s+(\d+)/.exec(inside('cat', '/proc/1/status').output)![1]) / 1024;
    const size = (image: string) => Number(podman('image', 'inspect', '--format', '{{.Size}}', image).output) / 1e6;
    const added = size(IMAGE) - size('base');
    console.log(
      `ready ${startedIn} ms after its start, with ${Math.round(megabytes)} MB; ${Math.round(added)} MB on its base`,
    );
  });

  it('The same image has the command and the server, and names what it has', () => {
    const entry = (...command: string[]) => inside('/usr/local/bin/backfill-scorecards', ...command);
    expect(entry('backfill', 'help').output).toContain('Usage: backfill');
    expect(entry('sh')).toMatchObject({
      status: 2,
      errors: expect.stringContaining('expected worker, serve or backfill, got: sh'),
    });
  });

  it('The server answers, started as the chart starts it', async () => {
    const port = await freePort();
    const token = 'x'.repeat(48);
    await writeFile(join(storage, 'token'), token);
    const serving = await spawnManaged('serve', 'podman', [
      ...[...storageOptions(), 'run', ...restricted, '--name', 'serve', '--env', `TEMPORAL_ADDRESS=${server.address}`],
      ...['--volume', `${join(storage, 'token')}:/etc/backfill/token/token:ro`, IMAGE, 'serve', '--host=0.0.0.0'],
      ...[`--port=${port}`, '--token-file=/etc/backfill/token/token', '--allow-host=backfill-serve'],
    ]);
    const answer = (path: string) =>
      fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization: `Bearer ${token}` } }).then(
        async (response) => ({ status: response.status, text: await response.text() }),
        () => undefined,
      );
    await until(
      () => answer('/readyz'),
      (ready) => ready?.status === 200,
    );
    expect(await answer('/')).toMatchObject({ status: 200, text: expect.stringContaining('<html') });
    await until(
      () => answer('/metrics'),
      (metrics) => /^backfill_cluster_up\{.*\} 1$/m.test(metrics?.text ?? ''),
    );
    podman('kill', '--signal', 'TERM', 'serve');
    expect(await serving.exited).toMatchObject({ signal: null });
  }, 60_000);

  it('It has one build of the core, no development tool, and a list of all its packages', () => {
    const script = [
      ...['cd /app/node_modules', 'ls @temporalio/core-bridge/releases', 'echo ---', 'ls -d * @*/*', 'echo ---'],
      'cat /app/sbom.cdx.json',
    ];
    const listing = inside('sh', '-c', script.join('; '));
    const [builds, installed, sbom] = listing.output.split('---').map((part) => part.trim());
    expect(builds!.split('\n')).toHaveLength(1);
    const packages = installed!.split('\n').filter((name) => !/^@[^/]+$/.test(name));
    const listed = JSON.parse(sbom!).components.map(({ name }: { name: string }) => name);
    expect(listed).toEqual(expect.arrayContaining(['@temporalio/worker', 'protobufjs', 'pg']));
    expect(packages.filter((name) => !listed.includes(name))).toEqual([]);
    expect(packages.filter((name) => ['vitest', 'typescript', 'tsx', '@biomejs/biome'].includes(name))).toEqual([]);
  });

  it('A roll-out ends it with code 0', async () => {
    podman('kill', '--signal', 'TERM', 'worker');
    expect(await worker.exited).toEqual({ code: 0, signal: null });
  }, 60_000);

  it("A second signal ends it while it drains, though it is the container's first process", async () => {
    const proxy = await GrpcProxy.start(server.address);
    for (const method of ['ShutdownWorker', 'PollActivityTaskQueue', 'PollWorkflowTaskQueue']) proxy.hold(method);
    const { container, readiness } = await startWorker('draining', proxy.address);
    podman('kill', '--signal', 'TERM', 'draining');
    await until(readiness, (status) => status === 503);
    podman('kill', '--signal', 'TERM', 'draining');
    expect(await container.exited).toEqual({ code: 143, signal: null });
    proxy.stop();
  }, 60_000);
});
