import { describe, expect, it } from 'vitest';
import { conversationsOf } from '../../src/reference-ingestion/conversations.js';
import { fleet, fleetRange } from '../../src/reference-ingestion/fleet.js';
import { score } from '../../src/reference-ingestion/score.js';

const customer = { cluster: 'us-west-2-prod', id: 'cvs', conversations: 4_200 };

describe('the fleet', () => {
  it('has the recorded customers of each cluster', () => {
    const sizes: Record<string, number> = {};
    for (const { cluster } of fleet()) sizes[cluster] = (sizes[cluster] ?? 0) + 1;
    expect(sizes).toEqual({
      'us-east-1-prod': 86,
      'us-west-2-prod': 80,
      'voice-prod': 49,
      'chat-prod': 28,
      'eu-west-2-prod': 6,
      'schwab-prod': 5,
      'ap-southeast-2-prod': 4,
      'ca-central-1-prod': 2,
    });
    expect(new Set(fleet().map(({ id }) => id)).size).toBe(260);
  });

  it('has exactly the recorded volumes of the named customers', () => {
    const volumes = (scale: number) =>
      ['cvs', 'oportun', 'marriott', 'united-east'].map(
        (id) => fleet(scale).find((each) => each.id === id)?.conversations,
      );
    expect(volumes(1 / 1000)).toEqual([4_200, 2_600, 1_300, 578]);
    expect(volumes(1)).toEqual([4_200_000, 2_600_000, 1_300_000, 578_000]);
  });

  it('gives everybody else a generated id and a small volume', () => {
    const others = fleet().filter(({ id, cluster }) => id.startsWith(`${cluster}-`));
    expect(others).toHaveLength(256);
    expect(others[0]?.id).toBe('us-east-1-prod-001');
    expect(Math.min(...others.map(({ conversations }) => conversations))).toBeGreaterThanOrEqual(5);
    expect(Math.max(...others.map(({ conversations }) => conversations))).toBeLessThanOrEqual(60);
    expect(fleet(1e-9).every(({ conversations }) => conversations === 1)).toBe(true);
  });

  it('is the same for the same seed and another for another', () => {
    expect(fleet(0.001, 7)).toEqual(fleet(0.001, 7));
    expect(fleet(0.001, 7)).not.toEqual(fleet(0.001, 8));
  });

  it('refuses a scale that is not above zero', () => {
    expect(() => fleet(0)).toThrow(/expected a scale above 0 .* got 0/);
  });
});

describe("a customer's conversations", () => {
  const all = [...conversationsOf(customer, fleetRange, 1)];

  it('are as many as said, in order, inside the range, with ids of their own', () => {
    expect(all).toHaveLength(4_200);
    const starts = all.map(({ startedAt }) => startedAt.getTime());
    expect(starts).toEqual(starts.toSorted((left, right) => left - right));
    expect(starts[0]).toBeGreaterThanOrEqual(Date.parse('2026-01-01T00:00:00Z'));
    expect(starts.at(-1)).toBeLessThan(Date.parse('2026-02-01T00:00:00Z'));
    expect(new Set(all.map(({ id }) => id)).size).toBe(4_200);
  });

  it('do not depend on who else is generated', () => {
    expect([...conversationsOf(customer, fleetRange, 1)]).toEqual(all);
  });

  it('are fewer at weekends and at night', () => {
    const average = (of: typeof all, slots: number) => of.length / slots;
    const weekend = all.filter(({ startedAt }) => [0, 6].includes(startedAt.getUTCDay()));
    expect(average(weekend, 9)).toBeLessThan(0.7 * average(all, 31));
    const night = all.filter(({ startedAt }) => startedAt.getUTCHours() >= 4 && startedAt.getUTCHours() < 10);
    expect(average(night, 6)).toBeLessThan(0.5 * average(all, 24));
  });

  it('have scores from 0 to 100 that differ', () => {
    const scores = all.map(({ turns }) => score(turns).score);
    expect(Math.min(...scores)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...scores)).toBeLessThanOrEqual(100);
    expect(new Set(scores).size).toBeGreaterThan(100);
  });
});
