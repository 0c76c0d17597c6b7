import { describe, expect, it } from 'vitest';
import { dayFrom } from '../../../src/backfill/hours/calendar.js';
import { customerView } from '../../../src/backfill/views/customer.js';
import { whyNotRunning } from '../../../src/backfill/views/why.js';
import { hour } from '../../support/core.js';
import {
  backfill,
  command,
  completes,
  fails,
  given,
  happens,
  type Step,
  type Story,
  starts,
} from '../../support/story.js';

const why = ({ state, now }: Story, day = '2026-01-02', index = 0) =>
  whyNotRunning(state, index, dayFrom(hour(day)), now);

const cvs = backfill({ customers: ['cvs'] });
const two = backfill({ customers: ['cvs', 'oportun'] });
const health = (level: 'critical' | 'ok'): Step =>
  happens((at) => ({ kind: 'healthChanged', level, reason: 'activeSessions is 40', at }));

const cases: [what: string, steps: Step[], reason: RegExp, day?: string, index?: number][] = [
  ['running', [cvs, starts()], /^it is running: reindexconversations-cvs-2026-01-01, attempt 1, since /, '2026-01-01'],
  ['done', [cvs, starts(), completes('cvs-2026-01-01')], /^it is done; resetDay runs it again$/, '2026-01-01'],
  [
    'waiting for its check',
    [backfill({ customers: ['cvs'], verify: 'report' }), starts(), completes('cvs-2026-01-01')],
    /waits for its check$/,
    '2026-01-01',
  ],
  [
    'failed',
    [cvs, starts(), fails('cvs-2026-01-01', 'permanent')],
    /^it has failed, permanent: .*retryFailed/,
    '2026-01-01',
  ],
  [
    'held',
    [cvs, starts(), fails('cvs-2026-01-01', 'stopped')],
    /^it is held, since someone stopped .*resume/,
    '2026-01-01',
  ],
  ['skipped', [cvs, command('skipDay', { customer: 'cvs', day: '2026-01-02' })], /^it is skipped; resetDay/],
  [
    'in a paused run',
    [cvs, command('pause', { by: 'ana', reason: 'maintenance' })],
    /^the run is paused by ana at .*maintenance$/,
  ],
  ['of a paused customer', [cvs, command('pause', { customer: 'cvs', by: 'ana' })], /^cvs is paused by ana at/],
  ['in a run that finishes', [cvs, starts(), command('finish')], /^the run starts nothing: finish was asked for/],
  [
    'kept back by the database',
    [backfill({ customers: ['cvs'], probe: { maxLoad: { activeSessions: 20 } } }), health('critical')],
    /^the database is critical: activeSessions is 40$/,
  ],
  [
    'backing off',
    [cvs, starts(), fails('cvs-2026-01-01')],
    /^it backs off until .* after 1 attempt, unknown: /,
    '2026-01-01',
  ],
  ['behind another day of its customer', [cvs, starts()], /^cvs has 1 window at once, and 2026-01-01 is running$/],
  ['behind another customer', [two, starts()], /^the one slot is taken .*1 customer with more work/, '2026-01-01', 1],
  ['next', [cvs], /^it starts with the next task of the run$/, '2026-01-01'],
  [
    'behind the canary',
    [backfill({ customers: ['cvs', 'oportun'], canary: 2, parallelism: 1 }), starts()],
    /^the smallest customers go first until 2 windows succeeded \(0 so far\)$/,
    '2026-01-01',
    0,
  ],
  [
    'just added',
    [cvs, command('addCustomers', { customers: ['oportun'] })],
    /^oportun was added: the run still looks for windows/,
    '2026-01-01',
    1,
  ],
];

describe('a day that is not running says why', () => {
  it.each(cases)('%s', (_, steps, reason, day, index) => {
    expect(why(given(...steps).story, day, index)).toMatch(reason);
  });

  it('and which trial it waits for while most windows fail', () => {
    const customers = ['a', 'b', 'c', 'd', 'e'];
    const failing = ['a', 'b', 'c', 'd'].map((id) => fails(`${id}-2026-01-01`, 'permanent'));
    const input = { customers, parallelism: 4, breaker: { windows: 4 } };
    const { story } = given(backfill(input), starts(), ...failing);
    expect(why(story, '2026-01-02')).toMatch(/^breaker: 4 of the latest 4 windows failed/);
  });
});

describe('the customer query with a day', () => {
  it('answers why that day is not running', () => {
    const { state, now } = given(cvs, starts()).story;
    expect(customerView(state, 0, now, '2026-01-02').why).toEqual({
      day: '2026-01-02',
      reason: 'cvs has 1 window at once, and 2026-01-01 is running',
    });
    expect(() => customerView(state, 0, now, '2027-01-02')).toThrow(/expected a UTC day of cvs's range, 2026-01-01 to/);
  });
});
