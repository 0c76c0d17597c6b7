import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { childrenOf } from '../../scripts/dev/processes.js';
import { isRunning } from './dev/support.js';

const PROJECT = fileURLToPath(new URL('../../', import.meta.url));
/** Two customers: the smallest backfill there is. */
const CLUSTER = ['--cluster', 'ca-central-1-prod'];

interface Ended {
  code: number | null;
  output: string;
  /** Every process that it had started, at the latest when `onLine` saw its last line. */
  children: number[];
}

/** Runs the main command as a script would, in a pipe. */
async function start(args: string[], onLine: (line: string, pid: number) => void = () => {}): Promise<Ended> {
  const { TEMPORAL_ADDRESS: _, DATABASE_URL: __, ...env } = process.env;
  const command = spawn(process.execPath, ['--import', 'tsx', 'scripts/start.ts', ...args], { cwd: PROJECT, env });
  const children = new Set<number>();
  let output = '';
  for (const stream of [command.stdout, command.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      output += `${line}\n`;
      for (const child of childrenOf(command.pid!)) children.add(child.pid);
      onLine(line, command.pid!);
    });
  }
  const [code] = (await once(command, 'close')) as [number | null];
  return { code, output, children: [...children] };
}

/** The reaper is the last to go: it waits until there is nobody left who could ask more of it. */
const nothingLeft = ({ children }: Ended) =>
  vi.waitFor(() => expect(children.filter(isRunning)).toEqual([]), { timeout: 10_000 });

describe('npm start', { timeout: 180_000 }, () => {
  it('backfills a cluster, reports that nothing is missing, and leaves no process', async () => {
    const ended = await start(CLUSTER);
    expect(ended.output).toMatch(/Temporal server ready at .*, UI http/);
    expect(ended.output).toMatch(/ca-central-1-prod completed: 2 customers, 62 of 62 days done/);
    expect(ended.output).not.toMatch(/could not be read|database unknown/);
    expect(ended.output).toMatch(/✓ all \d+ conversations have a current scorecard/);
    expect(ended.code).toBe(0);
    // The reaper, two servers and two workers.
    expect(ended.children.length).toBeGreaterThanOrEqual(5);
    await nothingLeft(ended);
  });

  it('stops everything at a signal, and says so', async () => {
    const ended = await start([], (line, pid) => {
      if (line.startsWith('8 runs started')) process.kill(pid, 'SIGINT');
    });
    expect(ended.output).toMatch(/Stopping the workers and servers \(SIGINT\); the backfill is not complete/);
    expect(ended.output).toMatch(/Stopped; nothing is left running/);
    expect(ended.code).toBe(130);
    await nothingLeft(ended);
  });

  it('says which worker ended and where its log is, and stops the rest', async () => {
    const ended = await start([], (line, pid) => {
      if (!line.startsWith('8 runs started')) return;
      const worker = childrenOf(pid).find(({ args }) => args.includes('reference-ingestion'));
      process.kill(worker!.pid, 'SIGKILL');
    });
    expect(ended.output).toMatch(/The ingestion worker ended \(SIGKILL\) while it was needed\. Its log: .data.logs/);
    expect(ended.code).toBe(1);
    await nothingLeft(ended);
  });
});
