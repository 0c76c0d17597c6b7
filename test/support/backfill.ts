import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { until } from './run.js';

const bin = fileURLToPath(new URL('../../dist/cli/backfill.js', import.meta.url));
const TIME_LIMIT_MS = 40_000;

export interface Answered {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The built `backfill` command in a folder of its own, as a child process whose stdout and stderr are pipes. */
export class BackfillCommand {
  private constructor(
    readonly folder: string,
    private readonly environment: NodeJS.ProcessEnv,
  ) {}

  /** @param fleet what stands in the folder's `fleet.yaml`; JSON is YAML too. Without it there is no such file. */
  static async create({ fleet, environment = {} }: { fleet?: object; environment?: NodeJS.ProcessEnv } = {}) {
    const folder = await mkdtemp(join(tmpdir(), 'backfill-command-'));
    if (fleet) await writeFile(join(folder, 'fleet.yaml'), JSON.stringify(fleet));
    return new BackfillCommand(folder, { PATH: process.env.PATH, HOME: folder, ...environment });
  }

  /** Runs it to its end. */
  async run(...args: string[]): Promise<Answered> {
    const child = this.start(...args);
    const [stdout, stderr] = await Promise.all([text(child.stdout!), text(child.stderr!), ended(child)]);
    return { code: child.exitCode, stdout, stderr };
  }

  /** Runs it again until it answers as wanted. */
  until(wanted: (answered: Answered) => boolean, ...args: string[]): Promise<Answered> {
    return until(() => this.run(...args), wanted);
  }

  /** Runs it with `--output json`, and reads the one document on stdout. */
  async json<T = Record<string, unknown>>(...args: string[]): Promise<{ code: number; clusters: T[]; stderr: string }> {
    const { stdout, stderr } = await this.run(...args, '--output', 'json');
    const { exitCode, clusters } = JSON.parse(stdout) as { exitCode: number; clusters: T[] };
    return { code: exitCode, clusters, stderr };
  }

  start(...args: string[]): ChildProcess {
    const child = spawn(process.execPath, [bin, ...args], { cwd: this.folder, env: this.environment });
    child.stdin.end();
    const limit = setTimeout(() => child.kill('SIGKILL'), TIME_LIMIT_MS);
    child.once('exit', () => clearTimeout(limit));
    return child;
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
};
