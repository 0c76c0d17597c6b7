import type { WindowOutcome } from './contract.js';

/** The outcome of a window that completed. Its result may have the number of its conversations, as `{conversations: n}`. */
export function completion(result: unknown): WindowOutcome {
  const conversations =
    typeof result === 'object' && result !== null && 'conversations' in result ? result.conversations : undefined;
  const known = typeof conversations === 'number' && Number.isFinite(conversations) && conversations >= 0;
  return known ? { completed: true, conversations } : { completed: true };
}
