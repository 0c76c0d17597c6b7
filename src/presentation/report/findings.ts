import { limitReason } from '../../backfill/state/sentence.js';
import type { LogView } from '../../backfill/views/log.js';
import type { FailureCount, LimitStep, WindowRecord, WindowStatus } from './document.js';
import { grouped } from './grouped.js';

const NOT_FAILED: readonly WindowStatus[] = ['completed', 'running', 'continuedAsNew'];

/** Every move of the limit that the log has. */
export function limitSteps(log: readonly LogView[]): LimitStep[] {
  return log.flatMap(({ at, fact }) =>
    fact.kind === 'limitMoved' ? [{ at, from: fact.from, to: fact.to, reason: limitReason(fact) }] : [],
  );
}

/** Windows that did not complete, by class, the most frequent first. */
export function failureCounts(windows: readonly WindowRecord[]): FailureCount[] {
  const unsuccessful = windows.filter(({ status }) => !NOT_FAILED.includes(status));
  const groups = grouped(unsuccessful, (window) => window.class ?? 'notRemembered');
  const counts = [...groups].map(([name, all]): FailureCount => {
    const latest = all.at(-1)!;
    return {
      class: name,
      windows: all.length,
      customers: new Set(all.map(({ customer }) => customer)).size,
      example: `${latest.workflowId}: ${latest.error ?? latest.status}`,
    };
  });
  return counts.sort((a, b) => b.windows - a.windows);
}
