import { describe, expect, it } from 'vitest';
import type { CommandOutcome, LogFact } from '../../../src/backfill/state/log-entry.js';
import { outcomeSentence, sentenceOf } from '../../../src/backfill/state/sentence.js';

const window = 'reindexconversations-cvs-2026-01-15';
const why = { class: 'contention', message: 'deadlock detected' } as const;
const finding = { conversations: 3_400, missing: 12, repairs: 1, most: 2 };

/** One of each kind: the type has no kind that is not here. */
const facts: { [Kind in LogFact['kind']]: [LogFact & { kind: Kind }, string] } = {
  command: [
    { kind: 'command', command: 'finish', outcome: { kind: 'finishing', windows: 2 } },
    'finishing: 2 windows in flight will end first',
  ],
  cancelRequested: [{ kind: 'cancelRequested' }, 'ask every running window to cancel, then close'],
  customersListed: [
    { kind: 'customersListed', customers: 80, unknown: ['nobody'] },
    'the directory has 80 customers for this run; excluded, but not in it: nobody',
  ],
  preparationGivenUp: [
    { kind: 'preparationGivenUp', step: 'looking up search attributes', attempts: 3, error: 'refused' },
    'gave up looking up search attributes after 3 attempts, latest error: refused',
  ],
  resumed: [{ kind: 'resumed', hours: 48 }, 'resumed: 2 days count as done, by windows that completed before'],
  windowAdopted: [{ kind: 'windowAdopted', window }, `adopted ${window}: it was running already`],
  windowCancelled: [
    { kind: 'windowCancelled', window, days: '2026-01-15' },
    `${window} was cancelled as asked; 2026-01-15 waits again`,
  ],
  windowStopped: [
    { kind: 'windowStopped', window, days: '2026-01-15' },
    `${window} was stopped by someone else; 2026-01-15 is held until resume`,
  ],
  windowTakenOver: [
    { kind: 'windowTakenOver', window, size: '1d', ...why },
    `${window}: contention, of a window that this run had only adopted; its hours wait for windows of 1d: deadlock detected`,
  ],
  windowSplit: [
    { kind: 'windowSplit', window, customer: 'cvs', size: '5d', why: 'heartbeat timeout', ...why, class: 'timeout' },
    `${window}: timeout; windows of cvs halved to 5d: heartbeat timeout`,
  ],
  windowRetried: [
    { kind: 'windowRetried', window, attempt: 1, attempts: 6, wait: 3_000, ...why },
    `${window}: contention (attempt 1 of 6), again in 3s: deadlock detected`,
  ],
  windowFailed: [
    { kind: 'windowFailed', window, attempts: 6, ...why },
    `${window}: failed after 6 attempts, contention: deadlock detected`,
  ],
  windowRerun: [
    { kind: 'windowRerun', window, days: '2026-01-15', ...why },
    `${window}: contention, 2026-01-15 is to run again: deadlock detected`,
  ],
  sizeGrown: [
    { kind: 'sizeGrown', customer: 'cvs', size: '2d', why: 'grown to 2d: three went well' },
    'cvs: grown to 2d: three went well',
  ],
  writersMoved: [
    { kind: 'writersMoved', customer: 'cvs', from: 2, to: 4, why: '4 windows went well with 2' },
    'cvs: writers 2 → 4: 4 windows went well with 2',
  ],
  limitMoved: [{ kind: 'limitMoved', from: 8, to: 4, why: '3 contention in 60s' }, 'limit 8 → 4: 3 contention in 60s'],
  databaseLevel: [
    { kind: 'databaseLevel', from: 'ok', to: 'high', reason: 'activeSessions is 20' },
    'database: ok → high: activeSessions is 20',
  ],
  pausedByStops: [
    { kind: 'pausedByStops', windows: 3, within: 300_000 },
    'pause: 3 windows were stopped by someone else within 5m',
  ],
  pausedByWeight: [
    { kind: 'pausedByWeight' },
    'pause: too many separate failed, held or waiting hours to carry on; retryFailed, or finish and start another run',
  ],
  breakerOpened: [
    { kind: 'breakerOpened', because: '11 of the latest 20 windows failed', wait: 300_000 },
    'the breaker opens: 11 of the latest 20 windows failed; one window is tried in 5m',
  ],
  breakerTried: [
    { kind: 'breakerTried', stopped: false, wait: 600_000 },
    'the breaker stays open: the window that it tried failed; another is tried in 10m',
  ],
  breakerClosed: [{ kind: 'breakerClosed', days: 3 }, 'the breaker closes; 3 days that failed meanwhile wait again'],
  breakerRetries: [{ kind: 'breakerRetries', days: 3 }, '3 days that failed meanwhile wait for the breaker'],
  verified: [{ kind: 'verified', days: 31, windows: 1 }, 'verified 31 days: something is missing in 1 window'],
  shortfall: [
    { kind: 'shortfall', customer: 'cvs', days: '2026-01-15', finding: { ...finding, next: 'repaired' } },
    'cvs 2026-01-15: 12 of 3,400 conversations have no current scorecard; runs again (repair 1 of 2)',
  ],
  moreShortfalls: [{ kind: 'moreShortfalls', more: 4 }, 'and 4 more; attention names what stays missing'],
  verificationFailed: [
    { kind: 'verificationFailed', days: 2, reason: 'it refuses connections' },
    '2 days could not be verified: it refuses connections',
  ],
  receiverOff: [
    { kind: 'receiverOff', receiver: '0a1b2c3d4e5f' },
    'the receiver of notifications 0a1b2c3d4e5f answered 410 Gone; this run sends it no more',
  ],
  leftBehind: [
    { kind: 'leftBehind', what: ['all but the latest 60 ended windows'] },
    "left behind, since the run's state is too large to carry on: all but the latest 60 ended windows",
  ],
  runEnded: [{ kind: 'runEnded', how: 'completed' }, 'the run ends: completed'],
};

const outcomes: { [Kind in CommandOutcome['kind']]: [CommandOutcome & { kind: Kind }, string] } = {
  paused: [{ kind: 'paused', customer: 'cvs', windows: 1 }, 'cvs is paused; 1 window in flight will finish'],
  pausedAlready: [{ kind: 'pausedAlready', since: 0 }, 'the run was paused already, since 1970-01-01 00:00:00 UTC'],
  resumed: [
    {
      kind: 'resumed',
      run: true,
      parts: [{ customer: 'cvs', continues: true, days: '2026-01-15' }],
      more: 3,
      stillPaused: false,
    },
    'the run continues; cvs continues; cvs 2026-01-15 waits again; and 3 more',
  ],
  dayReset: [
    { kind: 'dayReset', customer: 'cvs', day: '2026-01-15', was: ['done'], running: false },
    'cvs 2026-01-15: was done, waits to run again',
  ],
  daySkipped: [
    { kind: 'daySkipped', customer: 'cvs', day: '2026-01-15', was: ['running'], next: 'skippedUnlessCompleted' },
    'cvs 2026-01-15: was running; skipped unless its running window completes',
  ],
  failedRetried: [
    { kind: 'failedRetried', parts: [{ customer: 'cvs', days: '2026-01-15' }], more: 0 },
    'cvs 2026-01-15 waits again',
  ],
  parallelismSet: [{ kind: 'parallelismSet', changes: [{ name: 'max', from: '1', to: '8' }] }, 'max 1 → 8'],
  customersAdded: [{ kind: 'customersAdded', customers: ['cvs'], more: 2 }, 'added cvs and 2 more'],
  customerRemoved: [
    { kind: 'customerRemoved', customer: 'cvs', days: '', windows: 0 },
    'removed cvs: nothing was left of it',
  ],
  removedAlready: [{ kind: 'removedAlready', customer: 'cvs' }, 'cvs was removed already'],
  windowsCancelled: [
    { kind: 'windowsCancelled', windows: 2, pause: { kind: 'paused', windows: 2 } },
    'asked 2 windows to cancel; the run is paused',
  ],
  finishing: [{ kind: 'finishing', windows: 1 }, 'finishing: 1 window in flight will end first'],
};

describe('every kind of log entry', () => {
  it.each(Object.entries(facts))('says what happened: %s', (_, [fact, sentence]) => {
    expect(sentenceOf(fact as LogFact)).toBe(sentence);
  });
});

describe('every outcome of a command', () => {
  it.each(Object.entries(outcomes))('says what was done: %s', (_, [outcome, sentence]) => {
    expect(outcomeSentence(outcome as CommandOutcome)).toBe(sentence);
  });
});
