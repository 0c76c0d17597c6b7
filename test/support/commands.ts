import { sentenceOf } from '../../src/backfill/state/sentence.js';
import { dayLetters } from '../../src/backfill/views/day-letters.js';
import { statusOf } from '../../src/backfill/views/status.js';
import { backfill, command, type Story } from './story.js';

/** The letters of a customer's days. */
export const days = ({ state }: Story, id = 'cvs') =>
  dayLetters(state.customers.find((customer) => customer.id === id)!);
export const status = ({ state }: Story) => statusOf(state).status;
export const latest = ({ state }: Story) => sentenceOf(state.record.log.at(-1)!);

export const cvs = backfill({ customers: ['cvs'] });
export const two = backfill({ customers: ['cvs', 'oportun'], parallelism: 4 });
export const tenDays = backfill({
  customers: ['cvs'],
  end: '2026-01-21',
  window: '10d',
  retry: { unknown: { attempts: 1 } },
});
export const hourly = backfill({ customers: ['cvs'], window: '6h', retry: { unknown: { attempts: 1 } } });
export const oneAttempt = backfill({ customers: ['cvs'], retry: { unknown: { attempts: 1 } } });

export const firstDay = { customer: 'cvs', day: '2026-01-01' };
export const reset = (day: string, customer = 'cvs') => command('resetDay', { customer, day });
export const skip = (day: string, customer = 'cvs') => command('skipDay', { customer, day });
