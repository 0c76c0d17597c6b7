import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { stopAll, temporaryDirectory } from '../../scripts/dev/processes.js';
import type { PortForwardTarget } from '../../src/fleet/cluster.js';
import { explainEnd } from '../../src/fleet/kubectl.js';
import { PortForward } from '../../src/fleet/port-forward.js';
import { isRunning, script } from '../scripts/dev/support.js';
import { portForwardTo, StandInKubectl } from './support.js';

const target = portForwardTo('a_dev').portForward!;
const opened: PortForward[] = [];
let echo: Server;
let kubectl: StandInKubectl;

async function open(environment = kubectl.environment, say?: (line: string) => void): Promise<PortForward> {
  const forward = await PortForward.open(target, { environment, say });
  opened.push(forward);
  return forward;
}

/** What comes back through a port for what is sent there. */
async function answer(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  try {
    socket.write(text);
    const [data] = await once(socket, 'data', { signal: AbortSignal.timeout(5_000) });
    return String(data);
  } finally {
    socket.destroy();
  }
}

/** Takes a port from kubectl, which is restarted after a while and may be faster. */
async function squat(port: number): Promise<Server> {
  for (let attempts = 0; attempts < 100; attempts++) {
    for (const pid of await kubectl.running()) process.kill(pid, 'SIGHUP');
    const server = createServer().listen(port, '127.0.0.1');
    const won = await once(server, 'listening').catch(() => undefined);
    if (won) return server;
  }
  throw new Error(`port ${port} could not be taken`);
}

beforeAll(async () => {
  echo = createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  const { port } = echo.address() as { port: number };
  kubectl = await StandInKubectl.create({ a_dev: `127.0.0.1:${port}`, far_dev: 'vpn' });
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((forward) => forward.close()));
  expect(await kubectl.running()).toEqual([]);
});
afterAll(async () => {
  echo.close();
  await stopAll();
});

describe('a port-forward', () => {
  it('leads through kubectl to the service, on a port of this machine only', async () => {
    const { port } = await open();
    expect(await answer(port, 'hello')).toBe('hello');
    const { args } = (await kubectl.calls()).at(-1)!;
    expect(args.join(' ')).toBe(
      '--context a_dev --namespace temporal port-forward --address 127.0.0.1 ' +
        `svc/temporal-frontend-headless ${port}:7233`,
    );
  });

  it.for(['SIGHUP', 'SIGKILL'] as const)('is restarted on the same port when kubectl ends by %s', async (signal) => {
    const said: string[] = [];
    const { port } = await open(undefined, (line) => said.push(line));
    const [first] = await kubectl.running();
    process.kill(first!, signal);
    await vi.waitUntil(() => said.includes('the port-forward is up again'), 30_000);
    expect(await answer(port, 'again')).toBe('again');
    const why = signal === 'SIGHUP' ? 'error: lost connection to pod' : 'nothing';
    expect(said).toEqual([`the port-forward ended (${why}); restarting it`, 'the port-forward is up again']);
  });

  it('is restarted as often as it drops, and waits while its port is taken', async () => {
    const said: string[] = [];
    const forward = await open(undefined, (line) => said.push(line));
    for (let drops = 0; drops < 3; drops++) {
      const pids = await kubectl.running();
      process.kill(pids[0]!, 'SIGHUP');
      await kubectl.nextAfter(pids);
      await vi.waitUntil(() => forward.up, 30_000);
    }
    const squatter = await squat(forward.port);
    await vi.waitUntil(() => said.some((line) => line.includes(`port ${forward.port} of 127.0.0.1 is in use`)), 30_000);
    squatter.close();
    await vi.waitUntil(() => forward.up, 30_000);
    expect(await answer(forward.port, 'mine')).toBe('mine');
  });

  it('is closed for good, also while it is being restarted', async () => {
    const forward = await open();
    const [pid] = await kubectl.running();
    process.kill(pid!, 'SIGHUP');
    await vi.waitUntil(() => !isRunning(pid!), 10_000);
    const calls = (await kubectl.calls()).length;
    await forward.close();
    expect(await kubectl.running()).toEqual([]);
    expect((await kubectl.calls()).length - calls).toBeLessThanOrEqual(1);
  });

  it('does not outlive its command, however that ends', async () => {
    const file = fileURLToPath(new URL('holder.ts', import.meta.url));
    const holder = spawn(process.execPath, ['--import', 'tsx', file], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: kubectl.environment,
    });
    try {
      await once(createInterface({ input: holder.stdout }), 'line');
      expect(await kubectl.running()).toHaveLength(1);
    } finally {
      holder.kill('SIGKILL');
    }
    await vi.waitUntil(async () => (await kubectl.running()).length === 0, 20_000);
  });

  it('is aborted with its command', async () => {
    const folder = await temporaryDirectory('asleep');
    const asleep = await script(folder, 'kubectl', 'touch "$0.started"; exec sleep 600');
    const giveUp = new AbortController();
    const opening = PortForward.open(target, {
      environment: { ...process.env, KUBECTL: asleep },
      signal: giveUp.signal,
    }).catch((error: Error) => error.message);
    await vi.waitUntil(() => existsSync(`${asleep}.started`), 10_000);
    giveUp.abort(new Error('enough'));
    expect(await opening).toBe('enough');
  });
});

describe('a port-forward that does not start says what to do', () => {
  const opening = (target: PortForwardTarget, environment: NodeJS.ProcessEnv) =>
    PortForward.open(target, { environment }).then(
      () => 'it is up',
      (error: Error) => error.message,
    );

  it('when kubectl is missing', async () => {
    expect(await opening(target, { PATH: '/nonexistent' })).toBe(
      'kubectl is not installed; install kubectl (https://kubernetes.io/docs/tasks/tools), or set KUBECTL to its path',
    );
  });

  it('when its program cannot run', async () => {
    expect(await opening(target, { KUBECTL: '/' })).toBe(
      '/ cannot be started (EACCES); install kubectl (https://kubernetes.io/docs/tasks/tools), or set KUBECTL to its path',
    );
  });

  it('when kubectl does not have the context', async () => {
    expect(await opening({ ...target, context: 'nope_dev' }, kubectl.environment)).toBe(
      'kubectl port-forward said: error: context "nope_dev" does not exist; fix the context nope_dev in the fleet file ' +
        '(kubectl config get-contexts lists them), or get its credentials',
    );
  });

  it('when the cluster is unreachable', async () => {
    expect(await opening({ ...target, context: 'far_dev' }, kubectl.environment)).toBe(
      'kubectl port-forward said: Unable to connect to the server: dial tcp 10.0.0.1:443: i/o timeout; ' +
        'check the VPN, and that kubectl --context far_dev get namespaces answers',
    );
  });

  it.for([
    ['Error from server (NotFound): services "temporal-frontend-headless" not found', 'fix the service'],
    ['Error from server (NotFound): namespaces "temporal" not found', "fix portForward's namespace"],
    ['error: Service temporal-frontend-headless does not have a service port 7233', "fix portForward's port"],
    ['error: You must be logged in to the server (Unauthorized)', 'log in to the cluster again'],
    ['error: getting credentials: exec: executable aws failed with exit code 255', 'log in to the cluster again'],
    ['Error from server (Forbidden): pods "x" is forbidden: User "kim" cannot create resource', 'request permission'],
    ['error: unable to forward port because pod is not running. Current status=Pending', 'wait until a pod'],
    ['E0713 17:42:05.9 2075 portforward.go:233] lost connection to pod', 'check the VPN'],
    ['error: flux capacitor', 'try it manually: kubectl --context a_dev --namespace temporal port-forward'],
  ])('when kubectl says %s', ([line, advice]) => {
    const { message } = explainEnd(target, ['some warning', line!, '']);
    expect(message).toContain(`said: ${line!.replace(/^E.*] /, '')}; ${advice}`);
  });
});
