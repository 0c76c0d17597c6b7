/** Stories that the tests of views share. */

import { dayLetters } from '../../src/backfill/views/day-letters.js';
import { MINUTE } from './core.js';
import { backfill, command, completes, fails, given, isAdopted, passes, type Story, starts } from './story.js';

export const days = ({ state }: Story) => dayLetters(state.customers[0]!);

/** A run in which something of everything has happened. */
export const eventful = given(
  backfill({
    customers: [{ id: 'cvs', conversations: 4_200 }, 'oportun', 'marriott'],
    ...{ end: '2026-01-05', cluster: 'us-west-2-prod', parallelism: 3, retry: { unknown: { attempts: 1 } } },
  }),
  starts(),
  completes('cvs-2026-01-01'),
  fails('oportun-2026-01-01', 'permanent'),
  fails('marriott-2026-01-01', 'stopped'),
  starts(),
  isAdopted('cvs-2026-01-02'),
  fails('oportun-2026-01-02', 'contention'),
  command('skipDay', { customer: 'marriott', day: '2026-01-03', by: 'ana' }),
  passes(MINUTE),
).story;
