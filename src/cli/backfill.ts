#!/usr/bin/env node
import { runCommandLine } from './command-line.js';

/** The `backfill` command as a process: wiring only. */
const interruption = new AbortController();
process.once('SIGINT', () => interruption.abort());
process.once('SIGTERM', () => interruption.abort());
// Whoever reads the answer may stop reading: `backfill status | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

const { stdin, stdout, stderr, env: environment } = process;
process.exitCode = await runCommandLine(process.argv.slice(2), {
  ...{ stdin, stdout, stderr, environment },
  signal: interruption.signal,
});
