import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { removeTemporaryDirectory, temporaryDirectory } from '../../scripts/dev/processes.js';
import { spawnManaged } from '../../src/processes/managed-process.js';
import { isRunning } from '../scripts/dev/support.js';
import { DEAF, FOREVER, withChild } from './programs.js';

const node = (code: string) => [process.execPath, ['-e', code]] as const;

describe('A managed process', () => {
  it('says how it ended and what it wrote last', async () => {
    const lines: string[] = [];
    const child = await spawnManaged('child', ...node('console.log("a"); console.error("b"); process.exit(3)'), {
      onLine: (line, stream) => lines.push(`${stream}: ${line}`),
    });
    expect(child.running).toBe(true);
    expect(await child.exited).toEqual({ code: 3, signal: null });
    expect(lines.sort()).toEqual(['stderr: b', 'stdout: a']);
    expect(child.tail().split('\n').sort()).toEqual(['a', 'b']);
    expect(child.running).toBe(false);
  });

  it('writes into its log file', async () => {
    const directory = await temporaryDirectory('log');
    const logFile = join(directory, 'child.log');
    const child = await spawnManaged('child', ...node('console.log("hello")'), { logFile });
    await child.exited;
    expect(await readFile(logFile, 'utf8')).toBe('hello\n');
    expect(child.tail()).toBe('hello');
    await removeTemporaryDirectory(directory);
  });

  it('that cannot be started is an error that names it', async () => {
    await expect(spawnManaged('the server', '/nonexistent/program', [])).rejects.toThrow(
      /the server could not be started.*ENOENT/,
    );
  });

  it('ends when it is asked to, with all that it started', async () => {
    const { child, pids } = await family(FOREVER);
    expect(await child.stop()).toEqual({ code: null, signal: 'SIGTERM' });
    await haveEnded(pids);
  });

  it('is killed, with all that it started, when it does not end in time', async () => {
    const { child, pids } = await family(DEAF);
    await child.stop(50);
    await haveEnded(pids);
  });
});

describe.concurrent('When a parent is gone, so is all that it started', () => {
  it.for(['SIGKILL', 'SIGINT', 'SIGTERM', 'throw', 'exit'])(
    'and its directories, however it ended (by %s)',
    async (how) => {
      const { parent, pids, directory } = await startParent(how);
      if (how.startsWith('SIG')) {
        expect(pids.filter(isRunning)).toEqual(pids);
        parent.kill(how as NodeJS.Signals);
      }
      await haveEnded(pids);
      await vi.waitUntil(() => !existsSync(directory), 20_000);
    },
  );

  it('though its reaper was killed before', async () => {
    const { pids } = await startParent('exit after its reaper was killed');
    await haveEnded(pids);
  });

  it('though it ignores SIGTERM', async () => {
    const { parent, pids } = await startParent('SIGKILL', DEAF);
    parent.kill('SIGKILL');
    await haveEnded(pids);
  });
});

/** A managed process that has started another one. */
async function family(code: string) {
  let pids: number[] = [];
  const child = await spawnManaged('family', ...node(withChild(code)), {
    onLine(line) {
      pids = JSON.parse(line);
    },
  });
  await vi.waitUntil(() => pids.length > 0, 10_000);
  return { child, pids };
}

async function startParent(how: string, code = FOREVER) {
  const file = fileURLToPath(new URL('parent.ts', import.meta.url));
  const parent = spawn(process.execPath, ['--import', 'tsx', file, how, code], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = await once(createInterface({ input: parent.stdout }), 'line');
  return { parent, ...(JSON.parse(line) as { pids: number[]; directory: string }) };
}

async function haveEnded(pids: readonly number[]): Promise<void> {
  await vi.waitUntil(() => !pids.some(isRunning), 20_000);
}
