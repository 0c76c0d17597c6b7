import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { temporaryDirectory } from '../../scripts/dev/processes.js';
import type { Cluster, ClusterConnection } from '../../src/fleet/cluster.js';
import { isRunning } from '../scripts/dev/support.js';

/** A kubectl that knows some contexts, each with the address it forwards to, or `vpn`: its cluster can't be reached. */
export class StandInKubectl {
  private constructor(private readonly file: string) {}

  static async create(contexts: Record<string, string>): Promise<StandInKubectl> {
    const file = join(await temporaryDirectory('kubectl'), 'contexts.json');
    await writeFile(file, JSON.stringify({ contexts }));
    await writeFile(`${file}.log`, '');
    return new StandInKubectl(file);
  }

  /** For the programs that shall find it. */
  get environment(): NodeJS.ProcessEnv {
    const program = fileURLToPath(new URL('kubectl.mjs', import.meta.url));
    return { ...process.env, KUBECTL: program, STAND_IN_KUBECTL: this.file };
  }

  /** Every call so far, oldest first. */
  async calls(): Promise<{ pid: number; args: string[] }[]> {
    const log = await readFile(`${this.file}.log`, 'utf8');
    return log
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  }

  async running(): Promise<number[]> {
    return [...new Set((await this.calls()).map(({ pid }) => pid))].filter(isRunning);
  }

  /** Takes away what its one running process is good for, and waits until that has happened. */
  async cripple(how: 'frozen' | 'speechless'): Promise<number> {
    const [pid] = await this.running();
    process.kill(pid!, how === 'frozen' ? 'SIGUSR2' : 'SIGALRM');
    await vi.waitUntil(
      async () => (await this.calls()).some((call) => call.pid === pid && call.args[0] === how),
      10_000,
    );
    return pid!;
  }

  /** Waits until another kubectl than these has been started, and gives its id. */
  async nextAfter(pids: readonly number[]): Promise<number> {
    return vi.waitUntil(async () => (await this.running()).find((pid) => !pids.includes(pid)), 30_000);
  }
}

export function clusterOf(connection: ClusterConnection, more: Partial<Cluster> = {}): Cluster {
  return {
    name: 'us-west-2-prod',
    namespace: 'ingestion',
    taskQueue: 'backfill-scorecards',
    connection,
    defaults: {},
    ...more,
  };
}

export const portForwardTo = (context: string): ClusterConnection => ({
  portForward: { context, namespace: 'temporal', service: 'temporal-frontend-headless', port: 7233 },
});
