#!/usr/bin/env node
import { EXIT } from '../operations/exit-codes.js';
import { runCommandLine } from './command-line.js';

/** The `backfill` command as a process: wiring only. */
const interruption = new AbortController();
const GRACE_MS = 2_000;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    interruption.abort();
    // A call to a server that does not answer would keep the process alive until its deadline.
    setTimeout(() => process.exit(EXIT.interrupted), GRACE_MS).unref();
  });
}
// The reader of a pipe may close it: `backfill status | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  process.stderr.write(`error: cannot write the output: ${error.message}\n`);
  process.exit(EXIT.error);
});
process.stderr.on('error', () => {});

const { stdin, stdout, stderr, env: environment } = process;
process.exitCode = await runCommandLine(process.argv.slice(2), {
  stdin,
  stdout,
  stderr,
  environment,
  signal: interruption.signal,
});
