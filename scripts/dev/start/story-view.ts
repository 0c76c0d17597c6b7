import { LOG_LENGTH } from '../../../src/backfill/state/journal.js';
import type { LogFact } from '../../../src/backfill/state/log-entry.js';
import { sentenceOf } from '../../../src/backfill/state/sentence.js';
import type { LogView } from '../../../src/backfill/views/log.js';
import type { Report } from '../../../src/backfill/views/report.js';
import { onOneLine } from '../../../src/one-line.js';
import { counted } from '../../../src/presentation/lines/format.js';
import { type Line, styled } from '../../../src/presentation/lines/line.js';
import { grouped } from '../../../src/presentation/report/grouped.js';

/** A run that ended, and what its `log` query says; without a log if that could not be asked. */
export interface EndedRun {
  readonly report: Report;
  readonly log?: readonly LogView[];
}

const MOST_NAMED = 5;
const MOST_REASONS = 2;
const MOST_PAUSES = 2;
const LONGEST_REASON = 120;

/**
 * What happened, by cluster: what was split, slowed, retried, and why. Runs without any of that are left out; what
 * is still undone is not repeated here, since the table of the runs lists it.
 */
export function story(runs: readonly EndedRun[]): Line[] {
  const stories = runs.flatMap((run): Line[] => {
    const lines = linesOf(run);
    return lines.length === 0
      ? []
      : [[styled(run.report.cluster ?? '', 'bold')], ...lines.map((text) => [`  ${text}`])];
  });
  const lines: Line[] = [...stories, ...forecasts(runs.map(({ report }) => report))];
  return lines.length === 0 ? [] : [[styled('what happened', 'dim')], ...lines];
}

function linesOf({ report, log }: EndedRun): string[] {
  if (!log) return [...split(report), 'its log could not be read'];
  const facts = log.map(({ fact }) => fact);
  return [
    ...split(report),
    ...resized(facts),
    ...limit(facts),
    ...writers(facts),
    ...database(facts),
    ...retried(facts),
    ...stopped(facts),
    ...(log.length < LOG_LENGTH ? [] : [`from the latest ${LOG_LENGTH} entries of its log; earlier ones are gone`]),
  ];
}

/** The facts of one kind. */
const ofKind = <Kind extends LogFact['kind']>(facts: readonly LogFact[], kind: Kind) =>
  facts.filter((fact): fact is LogFact & { kind: Kind } => fact.kind === kind);

/** Whose range took more than one window. */
function split({ customers }: Report): string[] {
  const parts = customers.filter(({ windows }) => windows > 1).sort((a, b) => b.windows - a.windows);
  return parts.length === 0
    ? []
    : [`split by volume: ${few(parts.map(({ id, windows }) => `${id} into ${counted(windows, 'window')}`))}`];
}

/** Sizes that changed on the way: each customer's, in order, and why it was halved. */
function resized(facts: readonly LogFact[]): string[] {
  const sizes = new Map<string, string[]>();
  const add = (customer: string, text: string) => sizes.set(customer, [...(sizes.get(customer) ?? []), text]);
  for (const fact of facts) {
    if (fact.kind === 'windowSplit') add(fact.customer, `halved to ${fact.size} (${fact.class}, ${plain(fact.why)})`);
    else if (fact.kind === 'sizeGrown') add(fact.customer, `grown to ${fact.size} (well under the target)`);
  }
  const all = [...sizes].map(([customer, changes]) => {
    const latest = changes.slice(-MOST_REASONS);
    const more = changes.length - latest.length;
    return `${customer} ${more > 0 ? `changed ${times(more)}, then ` : ''}${latest.join(', ')}`;
  });
  return all.length === 0 ? [] : [`window size: ${few(all)}`];
}

/** From the first limit to the last, and every reason for less. */
function limit(facts: readonly LogFact[]): string[] {
  const moves = ofKind(facts, 'limitMoved');
  if (moves.length === 0) return [];
  const [first, last] = [moves[0]!.from, moves.at(-1)!.to];
  const highest = Math.max(first, ...moves.map(({ to }) => to));
  const cuts = moves.filter(({ from, to }) => to < from);
  const growth = moves.filter(({ from, to }) => to > from).at(-1)?.why;
  // The database's own line has the figures.
  const reasons = cuts.map(({ why }) => why.replace(/^(the database is \w+): .*$/, '$1'));
  return [
    `limit ${first} → ${last}` +
      (highest > Math.max(first, last) ? `, ${highest} at most` : '') +
      (growth ? `: ${plain(growth)}` : '') +
      (cuts.length > 0 ? `; slowed ${times(cuts.length)}: ${distinct(reasons)}` : ''),
  ];
}

/** The most writers that each customer had, the most first. */
function writers(facts: readonly LogFact[]): string[] {
  const most = new Map<string, number>();
  for (const { customer, from, to } of ofKind(facts, 'writersMoved')) {
    most.set(customer, Math.max(most.get(customer) ?? 1, from, to));
  }
  const all = [...most].sort((a, b) => b[1] - a[1]).map(([customer, count]) => `${customer} up to ${count}`);
  return all.length === 0 ? [] : [`writers: ${few(all)}`];
}

/** How often the database was worse than ok, and why. That it is well again, or was first looked at, is no news. */
function database(facts: readonly LogFact[]): string[] {
  const worse = ofKind(facts, 'databaseLevel').filter(({ to }) => to !== 'ok');
  return [...grouped(worse, ({ to }) => to)].map(([level, all]) => {
    return `database ${level} ${times(all.length)}: ${distinct(all.map(({ reason }) => reason))}`;
  });
}

/** Windows that ran again as they were, by class of failure. */
function retried(facts: readonly LogFact[]): string[] {
  const again = [...ofKind(facts, 'windowRetried'), ...ofKind(facts, 'windowRerun')];
  return [...grouped(again, (fact) => fact.class)].map(([kind, all]) => {
    return `retried ${times(all.length)} after ${kind}: ${distinct(all.map(({ message }) => message))}`;
  });
}

function stopped(facts: readonly LogFact[]): string[] {
  const held = ofKind(facts, 'windowStopped').length;
  const pauses = facts.filter(({ kind }) => PAUSES.includes(kind)).map((fact) => plain(sentenceOf(fact)));
  return [
    ...(held > 0 ? [`${counted(held, 'window')} stopped by someone else, held until resume`] : []),
    ...pauses.slice(-MOST_PAUSES),
  ];
}

/** What makes a run pause by itself. */
const PAUSES: readonly LogFact['kind'][] = ['pausedByStops', 'pausedByWeight', 'breakerOpened'];

/** How far off the end was that the runs foresaw half-way. */
function forecasts(reports: readonly Report[]): Line[] {
  const errors = reports
    .filter(({ outcome }) => outcome === 'completed')
    .flatMap(({ forecasts: [, half] }) => (half ? [Math.round(100 * half.error)] : []))
    .sort((a, b) => a - b);
  if (errors.length === 0) return [];
  const [least, most] = [errors[0]!, errors.at(-1)!].map(
    (error) => `${Math.abs(error)}% too ${error < 0 ? 'early' : 'late'}`,
  );
  return [[`ETA half-way, as a share of a run's duration: ${least === most ? least : `${least} to ${most}`}`]];
}

const times = (amount: number) => (amount === 1 ? 'once' : counted(amount, 'time'));

/** A text of a fact, on one line and not too long. */
const plain = (text: string) => short(onOneLine(text));

const short = (text: string) => (text.length > LONGEST_REASON ? `${text.slice(0, LONGEST_REASON - 1)}…` : text);

const few = (all: readonly string[]): string =>
  all.length <= MOST_NAMED
    ? all.join(', ')
    : `${all.slice(0, MOST_NAMED).join(', ')} and ${all.length - MOST_NAMED} more`;

/** The most frequent reasons, each once. */
function distinct(reasons: readonly string[]): string {
  const amounts = new Map<string, number>();
  for (const reason of reasons.map(onOneLine)) amounts.set(reason, (amounts.get(reason) ?? 0) + 1);
  const ordered = [...amounts.keys()].sort((a, b) => amounts.get(b)! - amounts.get(a)!);
  const more = ordered.length - MOST_REASONS;
  return (
    ordered.slice(0, MOST_REASONS).map(short).join('; ') + (more > 0 ? ` and ${counted(more, 'other reason')}` : '')
  );
}
