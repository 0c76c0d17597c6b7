import type { Command } from 'commander';
import { MAX_PARALLELISM } from '../../backfill/request/values.js';
import { perCustomer, wholeNumber } from './whole-number.js';

/** Adds the options that make up a run's input, which the documentation of the input explains. */
export function withRequestOptions(command: Command, { range = true } = {}): Command {
  if (range) {
    command
      .option('--month <month>', 'the range, as a month: 2026-01')
      .option('--start <day>', 'the first UTC day: 2026-01-01')
      .option('--end <day>', 'the UTC day after the last');
  }
  return command
    .option('--customers <ids>', 'comma-separated ids, or all (default: all)')
    .option('--exclude <ids>', 'ids to leave out')
    .option('--window <size>', 'the size of a window: 6h, 1d, 10d, 1mo, auto, or JSON')
    .option('--parallelism <n>', 'the most windows at once', wholeNumber(1, MAX_PARALLELISM))
    .option('--per-customer <n>', 'the most windows of one customer at once, or auto', perCustomer)
    .option('--adaptive', 'let the run find its own limit, up to --parallelism')
    .option('--no-adaptive', 'keep to --parallelism')
    .option('--resume', 'count hours as done whose window completed before')
    .option('--canary <n>', 'the smallest customers first, until n windows succeeded', wholeNumber(0, 100_000))
    .option('--verify <mode>', 'off, report or repair: what to do when a completed window left something out')
    .option('--notify', "report the run's changes to the webhooks of the cluster's worker")
    .option('--operator-timeout <time>', 'how long to stay open when only failed or held days are left: 7d')
    .option('--input <file>', "a run's input as JSON, under these options; - for stdin");
}
