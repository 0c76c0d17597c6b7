import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { removeTemporaryDirectory, spawnManaged, temporaryDirectory } from '../../../scripts/dev/processes.js';
import { freePort } from '../../../src/fleet/free-port.js';
import { isRunning } from './support.js';

const node = (code: string) => [process.execPath, ['-e', code]] as const;
const FOREVER = 'setInterval(() => {}, 1000)';

describe('a managed process', () => {
  it('says how it ended and what it wrote last', async () => {
    const lines: string[] = [];
    const child = await spawnManaged('child', ...node('console.log("a"); console.error("b"); process.exit(3)'), {
      onLine: (line) => lines.push(line),
    });
    expect(await child.exited).toEqual({ code: 3, signal: null });
    expect(lines.sort()).toEqual(['a', 'b']);
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

  it('is asked to stop, and killed when it does not listen', async () => {
    const polite = await spawnManaged('polite', ...node(FOREVER));
    expect(await polite.stop()).toEqual({ code: null, signal: 'SIGTERM' });
    let ready = () => {};
    const listening = new Promise<void>((resolve) => {
      ready = resolve;
    });
    const deaf = await spawnManaged('deaf', ...node(`process.on('SIGTERM', () => {}); ${FOREVER}; console.log('on')`), {
      onLine: () => ready(),
    });
    await listening;
    expect(await deaf.stop(50)).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('takes along what it started itself when it is killed', async () => {
    const code = `console.log(require('child_process').spawn(process.execPath, ['-e', '${FOREVER}']).pid); ${FOREVER}`;
    let grandchild = 0;
    const child = await spawnManaged('child', ...node(code), {
      onLine: (line) => {
        grandchild = Number(line);
      },
    });
    await vi.waitUntil(() => grandchild > 0, 10_000);
    await child.kill();
    await vi.waitUntil(() => !isRunning(grandchild), 10_000);
  });

  it('that cannot be started is an error that names it', async () => {
    await expect(spawnManaged('the server', '/nonexistent/program', [])).rejects.toThrow(
      /the server could not be started.*ENOENT/,
    );
  });

  it.for(['SIGKILL', 'SIGINT', 'SIGTERM', 'throw', 'exit'])('ends when its parent ends by %s', async (how) => {
    const file = fileURLToPath(new URL('parent.ts', import.meta.url));
    const parent = spawn(process.execPath, ['--import', 'tsx', file, how], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [line] = await once(createInterface({ input: parent.stdout }), 'line');
    const { pid, directory } = JSON.parse(line);
    if (how.startsWith('SIG')) {
      expect(isRunning(pid)).toBe(true);
      parent.kill(how as NodeJS.Signals);
    }
    await vi.waitUntil(() => !isRunning(pid) && !existsSync(directory), 20_000);
  });
});

describe('freePort', () => {
  it('hands out ports that a server can use, each only once', async () => {
    const ports = await Promise.all(Array.from({ length: 20 }, freePort));
    expect(new Set(ports).size).toBe(20);
    const server = createServer((socket) => socket.end()).listen(ports[0], '127.0.0.1');
    await once(connect(ports[0]!, '127.0.0.1'), 'connect');
    await new Promise((resolve) => server.close(resolve));
  });
});
