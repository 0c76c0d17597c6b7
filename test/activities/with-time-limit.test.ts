import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { TOO_LATE, withTimeLimit } from '../../src/activities/with-time-limit.js';

const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

it('ends work at its time, or when the other signal aborts', async () => {
  const other = new AbortController();
  await expect(withTimeLimit(10, other.signal, untilAborted)).rejects.toBe(TOO_LATE);
  const waiting = withTimeLimit(60_000, other.signal, untilAborted);
  other.abort(new Error('cancelled'));
  await expect(waiting).rejects.toThrow('cancelled');
  await expect(withTimeLimit(10, other.signal, async () => 1)).rejects.toThrow('cancelled');
});

/** Only fetch holds the signal, as it does in a request: nothing that would keep it from garbage collection. */
const program = (module: string) => `
import { createServer } from 'node:http';
import { withTimeLimit } from '${module}';
const silent = createServer(() => {}).listen(0, '127.0.0.1', async () => {
  const collecting = setInterval(globalThis.gc, 20);
  const asked = (signal) => fetch('http://127.0.0.1:' + silent.address().port, { signal });
  const outcome = await Promise.race([
    withTimeLimit(500, new AbortController().signal, asked).catch(({ message }) => message),
    new Promise((resolve) => setTimeout(resolve, 10_000, 'it waits')),
  ]);
  console.log(outcome);
  process.exit();
});`;

it('ends a request that nobody answers although garbage is collected meanwhile', () => {
  const module = fileURLToPath(new URL('../../src/activities/with-time-limit.ts', import.meta.url));
  const options = ['--expose-gc', '--import', 'tsx', '--input-type=module', '--eval', program(module)];
  const { stdout, stderr } = spawnSync(process.execPath, options, { encoding: 'utf8' });
  expect(stdout.trim(), stderr).toBe(TOO_LATE.message);
});
