import { type Evidence, evidenceOf, timeoutInWords } from './evidence.js';
import type { FailureLink } from './link.js';

export const FAILURE_CLASSES = ['timeout', 'contention', 'overload', 'stopped', 'permanent', 'unknown'] as const;
export type FailureClass = (typeof FAILURE_CLASSES)[number];

export interface ClassifiedFailure {
  class: FailureClass;
  /** For an operator: the most telling link's, at most 300 characters. */
  message: string;
  /** What decided: `SQLSTATE 40P01`, `heartbeat timeout`. */
  evidence: string;
}

/**
 * What the failure of a window means, whichever SDK its workflow was written in. Pure and total: any chain has a class.
 *
 * Precedence, first match wins:
 *
 * 1. Terminated, or cancelled as a workflow: `stopped`. A person decided, so nothing that the failing work said on its
 *    way down may restart it. An activity that was cancelled inside a child which then FAILED is the child's own
 *    doing (a sibling failed, a race was lost) and does not count.
 * 2. An attempt ran out of time (heartbeat, start-to-close) or the workflow did: `timeout`. What stands below such a
 *    link is the failure of an EARLIER attempt, and what stands above only wraps it, so neither may overrule it.
 * 3. A lock conflict anywhere: `contention`. Above non-retryable (6, 8), because the flag speaks of the same attempt
 *    at the same moment, and a deadlock is known to pass. Above a schedule-to-close time-out (7), whose budget the
 *    deadlocks used up: a smaller window would meet the same locks. Above overload (4), because a lost connection is
 *    often what a driver reports while it cleans up after the conflict.
 * 4. An exhausted resource, a lost connection, a limit set by the child's code on a query or call: `overload`. Above
 *    the same three, for the same reasons.
 * 5. A schedule-to-start time-out: `overload`. No worker took the work in time: too few, too busy or none. The size of
 *    the window plays no part, and starting less and waiting is right for all three.
 * 6. Invalid argument, not found, permission denied by name: `permanent`. Above schedule-to-close, since a smaller
 *    window is refused as well.
 * 7. A schedule-to-close time-out that nothing above explains: `timeout`. Above the bare flag (8), which a
 *    wrapper sets for "do not repeat this": a smaller window is not a repetition.
 * 8. Flagged non-retryable: `permanent`. The child's author said so.
 * 9. All else: `unknown`.
 *
 * Where several links fit a rank the innermost decides: it is nearest to the cause, and without its wrappers' words.
 */
export function classify(chain: readonly FailureLink[]): ClassifiedFailure {
  const rootFirst = [...chain].reverse();
  const evidence = rootFirst.map(evidenceOf);
  const deciding = (kind: Evidence['class']): ClassifiedFailure | undefined => {
    const at = evidence.findIndex((found) => found?.class === kind);
    return at < 0 ? undefined : because(kind, rootFirst[at]!, evidence[at]!.evidence);
  };
  const timeouts = timeoutsIn(rootFirst);
  const timeout = (kind: FailureClass, ...types: string[]): ClassifiedFailure | undefined => {
    const found = timeouts.find(({ type }) => types.includes(type));
    return (
      found && because(kind, found.link, `${found.type.toLowerCase().replaceAll('_', '-') || 'unspecified'} timeout`)
    );
  };

  return (
    stopped(chain) ??
    timeout('timeout', 'HEARTBEAT', 'START_TO_CLOSE', 'EXECUTION', '') ??
    deciding('contention') ??
    deciding('overload') ??
    timeout('overload', 'SCHEDULE_TO_START') ??
    deciding('permanent') ??
    timeout('timeout', 'SCHEDULE_TO_CLOSE') ??
    flagged(rootFirst) ??
    deciding('unknown') ??
    because('unknown', mostTelling(rootFirst), 'nothing known')
  );
}

function stopped(chain: readonly FailureLink[]): ClassifiedFailure | undefined {
  for (const [depth, link] of chain.entries()) {
    // Below a time-out stands an earlier attempt.
    if (link.kind === 'timeout') return undefined;
    if (link.kind === 'terminated') return because('stopped', link, 'terminated');
    const asWorkflow = chain.slice(0, depth).every(({ kind }) => kind === 'child' || kind === 'application');
    if (link.kind === 'cancelled' && asWorkflow) return because('stopped', link, 'cancelled');
  }
  return undefined;
}

/**
 * The time-outs of a chain. A child that wrapped its error as text only left none, but Temporal's own words for them.
 * These are read only then: where there are links, a wrapper quotes them.
 */
function timeoutsIn(rootFirst: readonly FailureLink[]): { link: FailureLink; type: string }[] {
  const links = rootFirst.filter(({ kind }) => kind === 'timeout');
  if (links.length > 0) return links.map((link) => ({ link, type: link.timeoutType ?? '' }));
  return rootFirst.flatMap((link) => {
    const type = timeoutInWords(link);
    return type === undefined ? [] : [{ link, type }];
  });
}

/**
 * By the flag itself, or by a retry policy that names the type, which shows in the state of the activity above. That
 * state alone is not enough: the server sets it for schedule-to-close time-outs as well. A child's own retry state is
 * left out, since it speaks of the policy that this project set on the child.
 */
function flagged(rootFirst: readonly FailureLink[]): ClassifiedFailure | undefined {
  const link = rootFirst.find(({ kind, nonRetryable }, at) => {
    const above = rootFirst[at + 1];
    const byPolicy = above?.kind === 'activity' && above.retryState === 'NON_RETRYABLE_FAILURE';
    return (kind === 'application' && (nonRetryable || byPolicy)) || (kind === 'server' && nonRetryable);
  });
  return link && because('permanent', link, link.type ? `non-retryable ${link.type}` : 'non-retryable');
}

/** The innermost link with words of its own: child and activity links only say that something below them failed. */
function mostTelling(rootFirst: readonly FailureLink[]): FailureLink {
  const spoken = rootFirst.filter(({ message }) => message.trim() !== '');
  return (
    spoken.find(({ kind }) => kind !== 'child' && kind !== 'activity') ??
    spoken[0] ??
    rootFirst[0] ?? { kind: 'other', message: '' }
  );
}

const MESSAGE_LIMIT = 300;

function because(kind: FailureClass, link: FailureLink, evidence: string): ClassifiedFailure {
  // One line: drivers put details and hints on lines of their own, and this goes into tables and logs.
  const words =
    link.message
      .slice(0, 4 * MESSAGE_LIMIT)
      .replace(/\s+/g, ' ')
      .trim() ||
    link.type ||
    evidence;
  return { class: kind, message: shorten(words), evidence: shorten(evidence) };
}

function shorten(text: string): string {
  if (text.length <= MESSAGE_LIMIT) return text;
  // Not through the middle of a surrogate pair: lone halves do not survive JSON in every language.
  return `${text.slice(0, MESSAGE_LIMIT - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
