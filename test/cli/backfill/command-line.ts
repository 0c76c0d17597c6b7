import { createServer } from 'node:net';
import { PassThrough } from 'node:stream';
import { runCommandLine } from '../../../src/cli/command-line.js';

/** Runs a command line in this process, without a terminal. */
export async function typed(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const written = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    write(text: string) {
      written[name] += text;
      return true;
    },
  });
  const stdin = Object.assign(new PassThrough(), { isTTY: false }) as unknown as NodeJS.ReadStream;
  const code = await runCommandLine(args, {
    stdin,
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    environment,
    signal: new AbortController().signal,
  });
  return { code, ...written };
}

/** A port that accepts connections, counts them and says nothing. */
export async function listenForAnyone(): Promise<{ address: string; visits(): number; close(): Promise<void> }> {
  let visits = 0;
  const server = createServer((socket) => {
    visits++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    address: `127.0.0.1:${port}`,
    visits: () => visits,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
