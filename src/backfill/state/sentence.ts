import { HOURS_PER_DAY, saidTime } from '../hours/calendar.js';
import { formatDuration } from '../hours/duration.js';
import { counted } from '../words.js';
import type { CommandOutcome, Finding, LogFact, ResumedPart } from './log-entry.js';
import { shortfall } from './shortfall.js';

/** A log entry in words: the one place that says them, for the workflow, the terminal, the report and the pages alike. */
export function sentenceOf(fact: LogFact): string {
  switch (fact.kind) {
    case 'command':
      return outcomeSentence(fact.outcome);
    case 'cancelRequested':
      return 'ask every running window to cancel, then close';
    case 'customersListed': {
      const stray = fact.unknown.length === 0 ? '' : `; excluded, but not in it: ${fact.unknown.join(', ')}`;
      return `the directory has ${counted(fact.customers, 'customer')} for this run${stray}`;
    }
    case 'preparationGivenUp':
      return `gave up ${fact.step} after ${counted(fact.attempts, 'attempt')}, latest error: ${fact.error}`;
    case 'resumed':
      return `resumed: ${fact.hours / HOURS_PER_DAY} days count as done, by windows that completed before`;
    case 'windowAdopted':
      return `adopted ${fact.window}: it was running already`;
    case 'windowCancelled':
      return `${fact.window} was cancelled as asked; ${fact.days} waits again`;
    case 'windowStopped':
      return `${fact.window} was stopped by someone else; ${fact.days} is held until resume`;
    case 'windowTakenOver':
      return (
        `${fact.window}: ${fact.class}, of a window that this run had only adopted; ` +
        `its hours wait for windows of ${fact.size}: ${fact.message}`
      );
    case 'windowSplit':
      return `${fact.window}: ${fact.class}; windows of ${fact.customer} halved to ${fact.size}: ${fact.why}`;
    case 'windowRetried': {
      const attempt = `attempt ${fact.attempt} of ${fact.attempts}`;
      return `${fact.window}: ${fact.class} (${attempt}), again in ${formatDuration(fact.wait)}: ${fact.message}`;
    }
    case 'windowFailed':
      return `${fact.window}: failed after ${counted(fact.attempts, 'attempt')}, ${fact.class}: ${fact.message}`;
    case 'windowRerun':
      return `${fact.window}: ${fact.class}, ${fact.days} is to run again: ${fact.message}`;
    case 'sizeGrown':
      return `${fact.customer}: ${fact.why}`;
    case 'writersMoved': {
      const { customer, from, to, why } = fact;
      const move = from === to ? `${counted(to, 'writer')} ${to === 1 ? 'stays' : 'stay'}` : `writers ${from} → ${to}`;
      return `${customer}: ${move}: ${why}`;
    }
    case 'limitMoved':
      return `limit ${fact.from} → ${fact.to}: ${limitReason(fact)}`;
    case 'databaseLevel':
      return `database: ${fact.from} → ${fact.to}: ${fact.reason}`;
    case 'pausedByStops':
      return `pause: ${stopsReason(fact.windows, fact.within)}`;
    case 'pausedByWeight':
      return `pause: ${WEIGHT_REASON}`;
    case 'breakerOpened':
      return `the breaker opens: ${fact.because}; one window is tried in ${formatDuration(fact.wait)}`;
    case 'breakerTried': {
      const what = fact.stopped ? 'was stopped' : 'failed';
      return `the breaker stays open: the window that it tried ${what}; another is tried in ${formatDuration(fact.wait)}`;
    }
    case 'breakerClosed':
      return `the breaker closes${fact.days > 0 ? `; ${counted(fact.days, 'day')} that failed meanwhile wait again` : ''}`;
    case 'breakerRetries':
      return `${counted(fact.days, 'day')} that failed meanwhile wait for the breaker`;
    case 'verified': {
      const days = counted(fact.days, 'day');
      return fact.windows === 0
        ? `verified ${days}: nothing is missing`
        : `verified ${days}: something is missing in ${counted(fact.windows, 'window')}`;
    }
    case 'shortfall':
      return `${fact.customer} ${fact.days}: ${findingSentence(fact.finding)}`;
    case 'moreShortfalls':
      return `and ${fact.more} more; attention names what stays missing`;
    case 'verificationFailed':
      return `${counted(fact.days, 'day')} could not be verified: ${fact.reason}`;
    case 'receiverOff':
      return `the receiver of notifications ${fact.receiver} answered 410 Gone; this run sends it no more`;
    case 'leftBehind':
      return `left behind, since the run's state is too large to carry on: ${fact.what.join('; ')}`;
    case 'runEnded':
      return `the run ends: ${fact.how}`;
    default:
      return fact satisfies never;
  }
}

/** Why the limit moved. */
export const limitReason = ({ why, times }: { why: string; times?: number }): string =>
  times === undefined ? why : `${why}, ${counted(times, 'time')}`;

/** Why a run pauses itself: the log says it, and the run's status for as long as the pause lasts. */
export const WEIGHT_REASON =
  'too many separate failed, held or waiting hours to carry on; retryFailed, or finish and start another run';

export const stopsReason = (windows: number, within: number): string =>
  `${windows} windows were stopped by someone else within ${formatDuration(within)}`;

function findingSentence({ conversations, missing, next, repairs, most }: Finding): string {
  switch (next) {
    case 'reported':
      return shortfall([conversations, missing]);
    case 'skipped':
      return `${shortfall([conversations, missing])}; skipped, as asked`;
    case 'failed':
      return `failed: ${shortfall([conversations, missing], repairs)}`;
    case 'repaired':
      return `${shortfall([conversations, missing])}; runs again (repair ${repairs} of ${most})`;
    default:
      return next satisfies never;
  }
}

/** What a command did, in words: the answer of an Update. */
export function outcomeSentence(outcome: CommandOutcome): string {
  switch (outcome.kind) {
    case 'paused':
      return `${outcome.customer ?? 'the run'} is paused${thatFinish(outcome)}`;
    case 'pausedAlready':
      return `${outcome.customer ?? 'the run'} was paused already, since ${saidTime(outcome.since)}`;
    case 'resumed': {
      const { customer, run, parts, more, stillPaused } = outcome;
      const did = [...(run ? ['the run continues'] : []), ...parts.flatMap(resumedSentences)];
      if (stillPaused) did.push('the whole run is still paused');
      if (did.length > 0) return joined(did, more);
      return customer === undefined ? 'nothing was paused or held' : `${customer} was neither paused nor held`;
    }
    case 'dayReset': {
      const then = outcome.running ? 'runs again once it has ended' : 'waits to run again';
      return `${outcome.customer} ${outcome.day}: was ${outcome.was.join(' and ')}, ${then}`;
    }
    case 'daySkipped':
      return `${outcome.customer} ${outcome.day}: ${skippedSentence(outcome)}`;
    case 'failedRetried': {
      const { customer, parts, more } = outcome;
      const did = parts.map((part) => `${part.customer} ${part.days} waits again`);
      if (did.length > 0) return joined(did, more);
      return customer === undefined ? 'there are no failed days' : `${customer} has no failed days`;
    }
    case 'parallelismSet': {
      const changes = outcome.changes.map(({ name, from, to }) => `${name} ${from} → ${to}`);
      return changes.length === 0 ? 'these limits were in force already' : changes.join('; ');
    }
    case 'customersAdded':
      return `added ${outcome.customers.join(', ')}${outcome.more > 0 ? ` and ${outcome.more} more` : ''}`;
    case 'customerRemoved': {
      const left = outcome.days === '' ? 'nothing was left of it' : `${outcome.days} is skipped`;
      return `removed ${outcome.customer}: ${left}${thatFinish(outcome)}`;
    }
    case 'removedAlready':
      return `${outcome.customer} was removed already`;
    case 'windowsCancelled': {
      const { windows, pause } = outcome;
      const paused = outcomeSentence(pause.kind === 'paused' ? { ...pause, windows: 0 } : pause);
      return `asked ${counted(windows, 'window')} to cancel; ${paused}`;
    }
    case 'finishing':
      return `finishing: ${counted(outcome.windows, 'window')} in flight will end first`;
    default:
      return outcome satisfies never;
  }
}

const thatFinish = ({ windows }: { windows: number }): string =>
  windows === 0 ? '' : `; ${counted(windows, 'window')} in flight will finish`;

const resumedSentences = ({ customer, continues, days }: ResumedPart): string[] => [
  ...(continues ? [`${customer} continues`] : []),
  ...(days === '' ? [] : [`${customer} ${days} waits again`]),
];

function skippedSentence({ was, next }: CommandOutcome & { kind: 'daySkipped' }): string {
  switch (next) {
    case 'skipped':
      return `was ${was.join(' and ')}, is skipped`;
    case 'skippedAlready':
      return 'was skipped already';
    case 'skippedUnlessCompleted':
      return `was ${was.join(' and ')}; skipped unless its running window completes`;
    case 'skippedIfMissing':
      return `was ${was.join(' and ')}; skipped if something is missing`;
    default:
      return next satisfies never;
  }
}

const joined = (did: readonly string[], more: number): string =>
  did.join('; ') + (more > 0 ? `; and ${more} more` : '');
