/** Every way in which the workers here can be made to fail, and the class that it is to be given. */
import type { FailureClass } from '../../src/backfill/failures/classify.js';
import { LANGUAGES, type Language } from './workers.js';

export interface Kind {
  expected: FailureClass;
  languages: readonly Language[];
  /** Where a language's SDK reports it so that another class is right. */
  expectedIn?: Partial<Record<Language, FailureClass>>;
  /** The customer id that asks for it, where it is not `fail-<kind>`. */
  customerId?: string;
  /** What the recorder does to the child from outside, once it runs. */
  from?: 'cancel' | 'terminate';
  /** Limits the child's execution. */
  executionTimeout?: string;
}

const in_ = (expected: FailureClass, ...languages: Language[]): Kind => ({
  expected,
  languages: languages.length > 0 ? languages : LANGUAGES,
});

export const KINDS: Readonly<Record<string, Kind>> = {
  heartbeat: in_('timeout'),
  'heartbeat-after-deadlock': in_('timeout', 'go'),
  'heartbeat-until-schedule-to-close': in_('timeout', 'go'),
  'start-to-close': in_('timeout'),
  'schedule-to-close': in_('timeout', 'go'),
  'execution-timeout': { ...in_('timeout'), executionTimeout: '2s' },
  // The budget ran out, but on deadlocks.
  'schedule-to-close-after-deadlock': in_('contention'),
  'deadlock-until-schedule-to-close': in_('contention', 'go'),
  'schedule-to-start': in_('overload', 'go'),

  '40P01': in_('contention'),
  '40P01-pq': in_('contention', 'go'),
  '40P01-asyncpg': in_('contention', 'python'),
  '40P01-details': in_('contention'),
  '40P01-with-cause': in_('contention', 'go'),
  '40P01-wrapped': in_('contention', 'java', 'python', 'typescript'),
  '40P01-non-retryable': in_('contention'),
  '40001': in_('contention'),
  '55P03': in_('contention'),
  'deadlock-text': in_('contention', 'go'),

  '53300': in_('overload'),
  '53300-pq': in_('overload', 'go'),
  '53300-asyncpg': in_('overload', 'python'),
  '57014': in_('overload'),
  '57P01': in_('overload'),
  '08006': in_('overload'),
  '08003-asyncpg': in_('overload', 'python'),
  'connection-refused': in_('overload', 'go', 'typescript'),
  'pool-exhausted': in_('overload', 'java', 'typescript'),
  'read-timed-out': in_('overload', 'java'),
  'query-deadline': in_('overload', 'go', 'python'),
  'resource-exhausted': in_('overload', 'go', 'java', 'typescript'),
  unavailable: in_('overload', 'go'),
  'rate-limited': in_('overload', 'go', 'python', 'typescript'),

  'invalid-argument': in_('permanent', 'go', 'java', 'typescript'),
  'not-found': in_('permanent'),
  'permission-denied': in_('permanent', 'go', 'java'),
  'non-retryable': in_('permanent'),
  'activity-not-registered': in_('permanent'),

  'plain-error': in_('unknown'),
  panic: in_('unknown', 'go'),
  '23505': in_('unknown'),
  // Cancelled by the child's own code. Go's SDK closes such a child as Cancelled, as if somebody had asked for it.
  'activity-cancelled': { ...in_('unknown'), expectedIn: { go: 'stopped' } },

  cancel: { ...in_('stopped'), customerId: 'fail-wait', from: 'cancel' },
  'cancel-while-working': { ...in_('stopped'), customerId: 'fail-work', from: 'cancel' },
  terminate: { ...in_('stopped'), customerId: 'fail-wait', from: 'terminate' },
  'terminate-while-working': { ...in_('stopped', 'go'), customerId: 'fail-work', from: 'terminate' },
};
