import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress } from '../../backfill/views/progress.js';
import { createDisplay } from '../terminal/display.js';
import { errorText } from '../terminal/error-text.js';
import type { CommandContext } from './context.js';
import { EXIT } from './exit-codes.js';
import { CommandProblem, isSilence } from './problem.js';
import { describeRun, isOpen, progressOf, type Run } from './runs.js';

/** A run that is closed, and what it said last; without progress if it never could say anything. */
export interface ClosedRun {
  readonly run: Run;
  readonly progress?: Progress;
}

const LOOK_EVERY_MS = 2_000;

/**
 * Waits until all of these runs are closed, and shows how far they are on stderr. A server or worker that does not answer
 * is waited for: the runs go on without us.
 *
 * @throws CommandProblem (exit code 130) after Ctrl-C; the runs go on
 */
export async function followToEnd(context: CommandContext, runs: readonly Run[]): Promise<Map<Run, ClosedRun>> {
  const display = createDisplay(context.surroundings.stderr, context.environment);
  const latest = new Map<Run, Progress>();
  const closed = new Map<Run, ClosedRun>();
  let said = '';
  try {
    for (;;) {
      for (const run of runs.filter((run) => !closed.has(run))) {
        const trouble = await look(run, latest, closed).then(
          (trouble) => trouble,
          (error: unknown) => {
            if (!isSilence(error)) throw error;
            return `${run.session.cluster.name}: ${errorText(error)}; waiting`;
          },
        );
        if (trouble !== '' && trouble !== said) context.say(trouble);
        said = trouble;
      }
      display.update(
        runs.map((run) => {
          const progress = closed.get(run)?.progress ?? latest.get(run);
          return { name: run.session.cluster.name, ...(progress ? { progress } : {}) };
        }),
      );
      if (closed.size === runs.length) return closed;
      await sleep(LOOK_EVERY_MS, undefined, { signal: context.signal });
    }
  } catch (error) {
    if (!context.signal.aborted) throw error;
    throw new CommandProblem(EXIT.interrupted, 'no longer waiting; the runs go on, see backfill status');
  } finally {
    display.close();
  }
}

/**
 * Closed or not first: progress that is asked for later is then the last there is.
 *
 * @returns why there is no news, or nothing
 */
async function look(run: Run, latest: Map<Run, Progress>, closed: Map<Run, ClosedRun>): Promise<string> {
  const now = await describeRun(run.session, run.workflowId);
  if (!now) throw new CommandProblem(EXIT.noRun, `${run.workflowId} is gone: somebody deleted it`);
  if (now.pause) return `${run.session.cluster.name}: ${now.pause}; waiting`;
  const progress = await progressOf(now).catch((error: unknown) => {
    // Input that was refused, for one, leaves a closed run that answers nothing.
    if (isOpen(now) || isSilence(error)) throw error;
    return undefined;
  });
  if (progress) latest.set(run, progress);
  if (!isOpen(now)) closed.set(run, { run: now, ...(progress ? { progress } : {}) });
  return '';
}
