import type { FleetCustomer } from './fleet.js';
import { between, pick, pickWeighted, type Random, seededRandom } from './random.js';

/** One turn of a conversation. */
export interface Turn {
  speaker: 'agent' | 'customer';
  /** Seconds from the start of the conversation. */
  atSecond: number;
  body: string;
}

/** A conversation as it is loaded. */
export interface Conversation {
  customerId: string;
  id: string;
  startedAt: Date;
  agentId: string;
  channel: 'voice' | 'chat';
  durationSeconds: number;
  turns: Turn[];
}

const dayMs = 86_400_000;

const agentLines = [
  'Thank you for calling, my name is Robin, how can I help you today?',
  'I am so sorry about that, I understand how frustrating this is.',
  'Let me look into your account for you right now.',
  'Could you please confirm the last four digits for me?',
  'I have refunded the charge, you will see it within three days.',
  'Unfortunately that is our policy and there is nothing I can do.',
  'You will have to call another department about that.',
  'I will take care of it myself and send you a confirmation today.',
  'Is there anything else I can help you with?',
  'Please hold for a moment.',
] as const;

const customerLines = [
  'Hello, I was charged twice for the same order.',
  'I have been waiting for two weeks and nobody calls me back.',
  'That sounds good, thank you very much.',
  'I do not understand why this keeps happening.',
  'Yes, the number is 4821.',
  'Can you change the date of my booking?',
  'This is the third time I call about it!',
  'Perfect, that solves it.',
] as const;

// Relative traffic for each UTC hour: business hours in the Americas, a thin night.
const hourWeights = [4, 3, 2, 1, 1, 1, 1, 1, 1, 1, 1, 2, 3, 6, 9, 11, 12, 12, 11, 11, 10, 9, 8, 6];

/**
 * The conversations of one customer, oldest first: exactly `customer.conversations` of them, uneven over days
 * (weekends low, some days with a spike) and over hours. The same seed gives the same conversations, regardless of
 * other customers.
 *
 * @param range UTC days, `end` exclusive
 * @throws RangeError when the range has no day
 */
export function* conversationsOf(
  customer: FleetCustomer,
  range: { start: string; end: string },
  seed: number,
): Generator<Conversation> {
  const random = seededRandom(seed, 'conversations', customer.id);
  const first = Date.parse(`${range.start}T00:00:00Z`);
  const days = Math.round((Date.parse(`${range.end}T00:00:00Z`) - first) / dayMs);
  if (!(days > 0)) throw new RangeError(`expected start before end, got ${range.start} and ${range.end}`);

  const dayWeights = Array.from({ length: days }, (_, day) => dayWeight(random, new Date(first + day * dayMs)));
  const starts = Array.from({ length: customer.conversations }, () => {
    const hour = pickWeighted(random, dayWeights) * 24 + pickWeighted(random, hourWeights);
    return first + hour * 3_600_000 + between(random, 0, 3_599_999);
  }).sort((left, right) => left - right);

  // Fewer conversations for each agent in small companies than in large ones.
  const agents = Math.max(2, Math.round(0.6 * Math.sqrt(customer.conversations)));
  for (const [index, start] of starts.entries()) {
    const turns = turnsOf(random);
    yield {
      customerId: customer.id,
      id: `${customer.id}-${String(index + 1).padStart(7, '0')}`,
      startedAt: new Date(start),
      agentId: `agent-${String(between(random, 1, agents)).padStart(4, '0')}`,
      channel: random() < 0.7 ? 'voice' : 'chat',
      durationSeconds: (turns.at(-1)?.atSecond ?? 0) + between(random, 5, 60),
      turns,
    };
  }
}

function dayWeight(random: Random, day: Date): number {
  const weekend = day.getUTCDay() === 0 || day.getUTCDay() === 6;
  const noise = 0.85 + 0.3 * random();
  const spike = random() < 0.1 ? 1.6 + random() : 1;
  return (weekend ? 0.4 : 1) * noise * spike;
}

function turnsOf(random: Random): Turn[] {
  let atSecond = 0;
  return Array.from({ length: between(random, 3, 7) }, (_, position) => {
    const speaker = position % 2 === 0 ? 'agent' : 'customer';
    const body = pick<string>(random, speaker === 'agent' ? agentLines : customerLines);
    const turn: Turn = { speaker, atSecond, body };
    atSecond += between(random, 3, 90);
    return turn;
  });
}
