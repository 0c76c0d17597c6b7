import { describe, expect, it } from 'vitest';
import { DAY_NAMES } from '../../../src/backfill/views/day-letters.js';
import { everyCustomer } from '../../../src/cli/commands/export.js';
import { meansDone } from '../../../src/cli/tracking/status.js';
import { progress } from '../../support/progress.js';

const MORE = { count: 2, done: 1, hint: 'ask for them' };
const views = {
  cvs: { range: { start: '2025-12-01', end: '2025-12-03' }, days: 'dd' },
  united: { range: { start: '2026-01-01', end: '2026-01-03' }, days: 'f.' },
};

describe('an export', () => {
  it('writes for each day a status that an import understands', () => {
    for (const name of Object.values(DAY_NAMES)) expect(meansDone(name)).toBe(name === 'done');
  });

  it('asks one after the other for the customers that do not fit in one answer', async () => {
    let open = 0;
    const answer = { ...progress({ oportun: 'd.' }), customersLeftOut: { ...MORE, ids: ['cvs', 'united'] } };
    const customers = await everyCustomer(answer, async (id) => {
      expect(++open).toBe(1);
      await Promise.resolve();
      open--;
      return views[id as keyof typeof views];
    });
    expect(customers).toEqual([
      { id: 'oportun', start: '2026-01-01', days: 'd.' },
      { id: 'cvs', start: '2025-12-01', days: 'dd' },
      { id: 'united', start: '2026-01-01', days: 'f.' },
    ]);
  });

  it('fails, rather than leave customers out, when the run cannot even name them', async () => {
    const answer = { ...progress({ oportun: 'd.' }), customersLeftOut: MORE };
    const exported = everyCustomer(answer, () => Promise.reject(new Error('not asked for')));
    await expect(exported).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(/2 customers and their names do not fit/),
    });
  });
});
