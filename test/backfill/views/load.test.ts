import { describe, expect, it } from 'vitest';
import { evolve } from '../../../src/backfill/events/evolve.js';
import { loadView } from '../../../src/backfill/views/load.js';
import { eventful } from '../../support/eventful.js';

describe("the database's load", () => {
  it('is kept as the probe announced it, the latest hundred times, so that an operator sees why the limit moved', () => {
    const from = Date.UTC(2026, 1, 1, 10);
    let { state } = eventful;
    for (let i = 1; i <= 150; i++) {
      state = evolve(state, {
        kind: 'healthChanged',
        at: from + i * 1_000,
        level: 'ok',
        utilization: i / 200,
        reason: `activeSessions is ${i}`,
      });
    }
    const load = loadView(state);
    expect(load).toHaveLength(100);
    expect(load.at(-1)).toEqual({
      at: '2026-02-01T10:02:30.000Z',
      level: 'ok',
      utilization: 0.75,
      reason: 'activeSessions is 150',
    });
  });
});
