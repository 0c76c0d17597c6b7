import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress } from '../../backfill/views/progress.js';
import { errorText } from '../../error-text.js';
import { EXIT } from '../../operations/exit-codes.js';
import { describeRun, isOpen, progressOf, type Run } from '../../operations/find-run.js';
import { CommandProblem, isNoAnswer } from '../../operations/problem.js';
import { createProgressDisplay } from '../watch/progress-display.js';
import type { CommandContext } from './context.js';

/** A run that is closed, and its last progress; without progress if it could never answer. */
export interface ClosedRun {
  readonly run: Run;
  readonly progress?: Progress;
}

const POLL_MS = 2_000;

/**
 * Waits until all of these runs are closed, and shows their progress on stderr. While a server or worker does not answer,
 * it keeps waiting: the runs do not depend on this process.
 *
 * @throws CommandProblem (exit code 130) after Ctrl-C; the runs continue
 */
export async function followToEnd(context: CommandContext, runs: readonly Run[]): Promise<Map<Run, ClosedRun>> {
  const display = createProgressDisplay(context.surroundings.stderr, context.environment);
  const latest = new Map<Run, Progress>();
  const closed = new Map<Run, ClosedRun>();
  let reported = '';
  try {
    for (;;) {
      for (const run of runs.filter((run) => !closed.has(run))) {
        const trouble = await refresh(run, latest, closed).then(
          (trouble) => trouble,
          (error: unknown) => {
            if (!isNoAnswer(error)) throw error;
            return `${run.session.cluster.name}: ${errorText(error)}; waiting`;
          },
        );
        if (trouble !== '' && trouble !== reported) context.say(trouble);
        reported = trouble;
      }
      display.update(
        runs.map((run) => {
          const progress = closed.get(run)?.progress ?? latest.get(run);
          return { name: run.session.cluster.name, ...(progress ? { progress } : {}) };
        }),
      );
      if (closed.size === runs.length) return closed;
      await sleep(POLL_MS, undefined, { signal: context.signal });
    }
  } catch (error) {
    if (!context.signal.aborted) throw error;
    throw new CommandProblem(EXIT.interrupted, 'stopped waiting; the runs continue, see backfill status');
  } finally {
    display.close();
  }
}

/**
 * Asks first whether the run is closed: progress that is asked for after that is then final.
 *
 * @returns why there is no new progress, or an empty text
 */
async function refresh(run: Run, latest: Map<Run, Progress>, closed: Map<Run, ClosedRun>): Promise<string> {
  const now = await describeRun(run.session, run.workflowId);
  if (!now) throw new CommandProblem(EXIT.noRun, `${run.workflowId} no longer exists: it was deleted`);
  if (now.pause) return `${run.session.cluster.name}: ${now.pause}; waiting`;
  const progress = await progressOf(now).catch((error: unknown) => {
    // A run whose input was refused, for example, is closed and answers nothing.
    if (isOpen(now) || isNoAnswer(error)) throw error;
    return undefined;
  });
  if (progress) latest.set(run, progress);
  if (!isOpen(now)) closed.set(run, { run: now, ...(progress ? { progress } : {}) });
  return '';
}
