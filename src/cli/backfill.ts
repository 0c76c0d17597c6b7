#!/usr/bin/env node
import { runCommandLine } from './command-line.js';
import { EXIT } from './commands/exit-codes.js';

/** The `backfill` command as a process: wiring only. */
const interruption = new AbortController();
const GRACE_MS = 2_000;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    interruption.abort();
    // A call to a server that does not answer would keep us for as long as its time limit.
    setTimeout(() => process.exit(EXIT.interrupted), GRACE_MS).unref();
  });
}
// Whoever reads the answer may stop reading: `backfill status | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  process.stderr.write(`error: the answer can not be written: ${error.message}\n`);
  process.exit(EXIT.error);
});
process.stderr.on('error', () => {});

const { stdin, stdout, stderr, env: environment } = process;
process.exitCode = await runCommandLine(process.argv.slice(2), {
  ...{ stdin, stdout, stderr, environment },
  signal: interruption.signal,
});
