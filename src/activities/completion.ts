import type { WindowOutcome } from './contract.js';

/** A window completed; its result may say how many conversations it worked on, as `{conversations: n}`. */
export function completion(result: unknown): WindowOutcome {
  const conversations =
    typeof result === 'object' && result !== null && 'conversations' in result ? result.conversations : undefined;
  const known = typeof conversations === 'number' && Number.isFinite(conversations) && conversations >= 0;
  return known ? { completed: true, conversations } : { completed: true };
}
