import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from '../../../src/backfill/schedule/decide.js';
import { pack } from '../../../src/backfill/state/pack.js';
import type { State } from '../../../src/backfill/state/state.js';
import { unpack } from '../../../src/backfill/state/unpack.js';
import { without } from '../../../src/backfill/state/update.js';
import { stories } from '../../support/arbitrary.js';
import { DAY, deepFreeze, throughJson } from '../../support/core.js';
import { drive } from '../../support/simulator.js';

describe('whatever happens to a run that verifies', () => {
  it('a window is not checked twice, and nothing is checked that did not complete', () => {
    fc.assert(
      fc.property(stories(undefined, { verify: 'repair' }), ({ request, script }) => {
        const open = new Map<string, number>();
        const { trace, state } = drive(request, script);
        for (const entry of trace) {
          if (entry.kind === 'ended' && entry.end === 'completed') {
            for (const [from, to] of entry.claims)
              for (let h = from; h < to; h++) open.set(`${entry.customer} ${h}`, entry.at);
          }
          if (entry.kind !== 'checkStarted') continue;
          for (const { customer, hours, endedAt } of entry.windows) {
            const [from, to] = hours;
            for (let h = from; h < to; h++) {
              const name = `${state.customers[customer]!.id} ${h}`;
              expect(open.get(name)).toBe(endedAt);
              open.delete(name);
            }
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('no hour is repaired more often than allowed, unless someone asks for it again', () => {
    fc.assert(
      fc.property(stories(['pause', 'resume', 'skipDay'], { verify: 'repair' }), ({ request, script }) => {
        const found = new Map<string, number>();
        for (const entry of drive(request, script).trace) {
          // What was stopped, and so is held, has its attempts and repairs from zero once it is resumed.
          if (entry.kind === 'command' && entry.name === 'resume') found.clear();
          if (entry.kind !== 'checked') continue;
          for (const { customer, hours } of entry.short) {
            const name = `${customer} ${hours[0]}`;
            found.set(name, (found.get(name) ?? 0) + 1);
            expect(found.get(name)).toBeLessThanOrEqual(request.options.verify!.repairs + 1);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('checks take a tenth of the time at most while windows run', () => {
    fc.assert(
      fc.property(stories([], { verify: 'report' }), ({ request, script }) => {
        let free = 0;
        let began = 0;
        for (const entry of drive(request, script).trace) {
          if (entry.kind === 'checkStarted') {
            began = entry.at;
            const left = entry.state.customers.some(
              ({ windows, hours }) => windows.running.length + hours.waiting.length > 0,
            );
            if (left) expect(entry.at).toBeGreaterThanOrEqual(free);
          }
          if (entry.kind === 'checked') free = entry.at + 9 * (entry.at - began);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('it continues the same after it was handed to the next run, which begins a check under way again', () => {
    fc.assert(
      fc.property(stories(undefined, { verify: 'repair' }), ({ request, script }) => {
        const seen: State[] = [];
        drive(request, { ...script, watch: (state) => void seen.push(state) });
        for (const state of seen) {
          const rest = { ...state, checks: without(state.checks, 'underway') };
          const carried = unpack(throughJson(pack(state)));
          expect(carried).toEqual(rest);
          expect(decide(deepFreeze(carried), state.lifecycle.startedAt + DAY)).toEqual(
            decide(rest, state.lifecycle.startedAt + DAY),
          );
        }
      }),
      { numRuns: 15 },
    );
  });
});
