import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../src/fleet/free-port.js';

const program = fileURLToPath(new URL('../../dist/worker.js', import.meta.url));

export type Probe = [status: number, text: string];

/** The orchestrator's worker as a process of its own, with its probes. */
export class WorkerProcess {
  private constructor(
    private readonly child: ChildProcess,
    private readonly health: string,
    /** Exit code and signal. */
    readonly exited: Promise<unknown[]>,
  ) {
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk) => (this.output += chunk));
  }

  output = '';

  static async start(environment: NodeJS.ProcessEnv): Promise<WorkerProcess> {
    const health = `127.0.0.1:${await freePort()}`;
    const child = spawn(process.execPath, [program], {
      env: { ...process.env, BACKFILL_HEALTH_ADDRESS: health, ...environment },
    });
    return new WorkerProcess(child, health, once(child, 'exit'));
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** The answer, or undefined where nothing listens. */
  async probe(path: '/livez' | '/readyz'): Promise<Probe | undefined> {
    try {
      const response = await fetch(`http://${this.health}${path}`);
      return [response.status, (await response.text()).trim()];
    } catch {
      return undefined;
    }
  }
}
