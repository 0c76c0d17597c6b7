import type { Turn } from './conversations.js';

/** The rubric that {@link score} implements, a row of table `rubrics`. */
export const rubricVersion = 1;

/** A score from 0 to 100 with two decimals, and the criteria it is made of, each from 0 to 1. */
export interface Score {
  score: number;
  criteria: Record<string, number>;
}

const weights = { courtesy: 0.2, empathy: 0.25, ownership: 0.25, resolution: 0.2, pace: 0.1 } as const;

/**
 * Scores one conversation from its turns. Depends on nothing but the turns, so that scoring it again gives the same score,
 * in any window.
 */
export function score(turns: readonly Turn[]): Score {
  const said = (speaker: Turn['speaker']) => turns.filter((turn) => turn.speaker === speaker);
  const share = (of: readonly Turn[], pattern: RegExp) =>
    of.length === 0 ? 0 : of.filter((turn) => pattern.test(turn.body)).length / of.length;
  const agent = said('agent');
  const customer = said('customer');

  const criteria: Record<keyof typeof weights, number> = {
    courtesy: atMostOne(2 * share(agent, /\b(please|thank you|help you)\b/i)),
    empathy: atMostOne(3 * share(agent, /\b(sorry|understand|frustrating)\b/i)),
    ownership: atMostOne(
      2 * share(agent, /\bI (will|have)\b|\blet me\b/i) + 0.5 - share(agent, /\bpolicy|department\b/i),
    ),
    resolution: atMostOne(2 * share(customer, /\b(perfect|thank you|solves|sounds good)\b/i)),
    pace: 1 - atMostOne(longestSilence(turns) / 120),
  };
  const total = Object.entries(weights).reduce(
    (sum, [name, weight]) => sum + weight * criteria[name as keyof typeof weights],
    0,
  );
  return { score: Math.round(total * 10_000) / 100, criteria };
}

function longestSilence(turns: readonly Turn[]): number {
  return turns.reduce((longest, turn, index) => {
    const previous = turns[index - 1];
    return previous === undefined ? longest : Math.max(longest, turn.atSecond - previous.atSecond);
  }, 0);
}

function atMostOne(value: number): number {
  return Math.min(1, Math.max(0, value));
}
