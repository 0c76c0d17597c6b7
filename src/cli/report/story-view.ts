import { LOG_LENGTH, type LogView } from '../../backfill/state/journal.js';
import type { Report } from '../../backfill/views/report.js';
import { counted } from '../terminal/format.js';
import { type Line, onOneLine, styled } from '../terminal/line.js';

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
 * What happened, by cluster: what was split, slowed, retried, and why. Runs with nothing to tell are left out; what
 * is still undone is not repeated here, since the table of the runs lists it.
 */
export function story(runs: readonly EndedRun[]): Line[] {
  const told = runs.flatMap((run): Line[] => {
    const lines = linesOf(run);
    return lines.length === 0
      ? []
      : [[styled(run.report.cluster ?? '', 'bold')], ...lines.map((text) => [`  ${text}`])];
  });
  const lines: Line[] = [...told, ...forecasts(runs.map(({ report }) => report))];
  return lines.length === 0 ? [] : [[styled('what happened', 'dim')], ...lines];
}

function linesOf({ report, log }: EndedRun): string[] {
  if (!log) return [...split(report), 'its log could not be read'];
  const effects = log.filter(({ what }) => what === 'decision').map(({ effect }) => onOneLine(effect));
  return [
    ...split(report),
    ...resized(effects),
    ...limit(effects),
    ...database(effects),
    ...retried(effects),
    ...stopped(effects),
    ...(log.length < LOG_LENGTH ? [] : [`from the latest ${LOG_LENGTH} entries of its log; earlier ones are gone`]),
  ];
}

/** Whose range took more than one window. */
function split({ customers }: Report): string[] {
  const parts = customers.filter(({ windows }) => windows > 1).sort((a, b) => b.windows - a.windows);
  return parts.length === 0
    ? []
    : [`split by volume: ${few(parts.map(({ id, windows }) => `${id} into ${counted(windows, 'window')}`))}`];
}

/** Sizes that changed on the way: each customer's, in order, and why it was halved. */
function resized(effects: readonly string[]): string[] {
  const sizes = new Map<string, string[]>();
  const add = (customer: string, text: string) => sizes.set(customer, [...(sizes.get(customer) ?? []), text]);
  for (const effect of effects) {
    const halved = /^\S+: (\w+); windows of (\S+) halved to (\S+): (.*)$/.exec(effect);
    const grown = /^(\S+): grown to (\S+): /.exec(effect);
    if (halved) add(halved[2]!, `halved to ${halved[3]} (${halved[1]}, ${short(halved[4]!)})`);
    else if (grown) add(grown[1]!, `grown to ${grown[2]} (well under the target)`);
  }
  const all = [...sizes].map(([customer, changes]) => {
    const latest = changes.slice(-MOST_REASONS);
    const more = changes.length - latest.length;
    return `${customer} ${more > 0 ? `changed ${times(more)}, then ` : ''}${latest.join(', ')}`;
  });
  return all.length === 0 ? [] : [`window size: ${few(all)}`];
}

/** From the first limit to the last, and every reason for less. */
function limit(effects: readonly string[]): string[] {
  const moves = effects.flatMap((effect) => {
    const [, from, to, why] = /^limit (\d+) → (\d+): (.*)$/.exec(effect) ?? [];
    return why === undefined ? [] : [{ from: Number(from), to: Number(to), why }];
  });
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
      (growth ? `: ${growth}` : '') +
      (cuts.length > 0 ? `; slowed ${times(cuts.length)}: ${distinct(reasons)}` : ''),
  ];
}

/** How often the database was worse than ok, and why. That it is well again, or was first looked at, is no news. */
function database(effects: readonly string[]): string[] {
  const reasons = new Map<string, string[]>();
  for (const effect of effects) {
    const [, level, reason] = /^database: \w+ → (\w+): (.*)$/.exec(effect) ?? [];
    if (level && reason && level !== 'ok') reasons.set(level, [...(reasons.get(level) ?? []), reason]);
  }
  return [...reasons].map(([level, all]) => `database ${level} ${times(all.length)}: ${distinct(all)}`);
}

/** Windows that ran again as they were, by class of failure. */
function retried(effects: readonly string[]): string[] {
  const messages = new Map<string, string[]>();
  for (const effect of effects) {
    const again =
      /^\S+: (\w+) \(attempt \d+ of \d+\), again in [^:]+: (.*)$/.exec(effect) ??
      /^\S+: (\w+), .* is to run again: (.*)$/.exec(effect);
    if (again) messages.set(again[1]!, [...(messages.get(again[1]!) ?? []), again[2]!]);
  }
  return [...messages].map(([kind, all]) => `retried ${times(all.length)} after ${kind}: ${distinct(all)}`);
}

function stopped(effects: readonly string[]): string[] {
  const held = effects.filter((effect) => / was stopped by someone else; /.test(effect)).length;
  const pauses = effects.filter((effect) => effect.startsWith('pause: ')).map((effect) => `paused: ${effect.slice(7)}`);
  return [
    ...(held > 0 ? [`${counted(held, 'window')} stopped by someone else, held until resume`] : []),
    ...pauses.slice(-MOST_PAUSES),
  ];
}

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

const short = (text: string) => (text.length > LONGEST_REASON ? `${text.slice(0, LONGEST_REASON - 1)}…` : text);

const few = (all: readonly string[]): string =>
  all.length <= MOST_NAMED
    ? all.join(', ')
    : `${all.slice(0, MOST_NAMED).join(', ')} and ${all.length - MOST_NAMED} more`;

/** The most frequent reasons, each once. */
function distinct(reasons: readonly string[]): string {
  const amounts = new Map<string, number>();
  for (const reason of reasons) amounts.set(reason, (amounts.get(reason) ?? 0) + 1);
  const ordered = [...amounts.keys()].sort((a, b) => amounts.get(b)! - amounts.get(a)!);
  const more = ordered.length - MOST_REASONS;
  return (
    ordered.slice(0, MOST_REASONS).map(short).join('; ') + (more > 0 ? ` and ${counted(more, 'other reason')}` : '')
  );
}
