import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stopAll } from '../../scripts/dev/processes.js';
import { runRound } from '../../scripts/lab/chaos/round.js';
import { type Stack, startStack } from '../../scripts/lab/chaos/stack.js';

/** The short form; `npm run chaos` runs as many rounds as one likes. */
describe('a backfill under random disasters', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(async () => {
    await stack?.stop();
    await stopAll();
  });

  it.each([403, 408])(
    'loses nothing, does nothing twice and obeys every command (seed %i)',
    async (seed) => {
      const { violations, script, deeds, executions } = await runRound(stack, seed);
      expect(violations, JSON.stringify({ script, deeds }, undefined, 1)).toEqual([]);
      expect(executions.length).toBeGreaterThan(script.customers.length);
    },
    300_000,
  );
});
