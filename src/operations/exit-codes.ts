/** What the `backfill` command's exit code says. Stable: scripts rely on it (docs/cli.md). */
export const EXIT = {
  /** Done; for `status`: every day of every run is done or skipped. */
  done: 0,
  /** Any other error. */
  error: 1,
  /** Bad usage or a bad fleet file; nothing was sent. */
  usage: 2,
  /** A run is not finished. */
  unfinished: 3,
  /** Days failed or are held, a run ended before all was done, or Temporal's Workflow Pause has paused it. */
  attention: 4,
  /** A cluster, or the worker of its runs, does not answer. */
  unreachable: 5,
  /** The run refused the command. */
  refused: 6,
  /** There is no such run, or none that is open. */
  noRun: 7,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Which of several clusters' codes the command exits with: the most urgent one first. */
const PRECEDENCE: readonly ExitCode[] = [
  EXIT.interrupted,
  EXIT.error,
  EXIT.usage,
  EXIT.unreachable,
  EXIT.refused,
  EXIT.attention,
  EXIT.unfinished,
  EXIT.noRun,
];

export const worstExitCode = (codes: readonly ExitCode[]): ExitCode =>
  PRECEDENCE.find((code) => codes.includes(code)) ?? EXIT.done;
