import { inSentence } from '../hours/calendar.js';
import type { State } from '../state/state.js';
import { DAY_LEGEND, type DayCounts, dayLetters, inRuns } from './day-letters.js';
import { hasOpenDays, overview, type Progress, writersInWords } from './progress.js';

const MOST_ROWS = 40;

/**
 * Progress as Markdown, for a person who has no other page: what the run is doing, how far it is, and the customers
 * that are not done, at most forty of them.
 */
export function progressTable(state: State, now: number): string {
  const progress = overview(state, now);
  const { totals, parallelism, eta } = progress;
  const percent = totals.days === 0 ? 0 : Math.floor((100 * (totals.done + totals.skipped)) / totals.days);
  const lines = [
    `**${progress.status}**: ${cell(progress.statusReason)}`,
    '',
    `${percent}% · ${totals.done} of ${totals.days} days done${others(totals)} · ` +
      `${parallelism.inFlight} of at most ${parallelism.max} windows in flight${eta ? ` · done by ${inSentence(eta)}` : ''}`,
  ];
  if (progress.writers.length > 0) lines.push('', `Windows at once: ${cell(writersInWords(progress.writers))}`);
  const open = state.customers.filter(hasOpenDays);
  if (open.length > 0) {
    lines.push('', '| customer | days |', '| --- | --- |');
    for (const customer of open.slice(0, MOST_ROWS)) {
      lines.push(`| ${cell(customer.id)} | \`${inRuns(dayLetters(customer))}\` |`);
    }
    if (open.length > MOST_ROWS) lines.push(`| and ${open.length - MOST_ROWS} more | |`);
    lines.push('', DAY_LEGEND);
  }
  lines.push(...attentionLines(progress.attention));
  return lines.join('\n');
}

function attentionLines(attention: Progress['attention']): string[] {
  if (attention.length === 0) return [];
  const rows = attention
    .slice(0, 10)
    .map(({ customer, days, message, nextStep, ...problem }) =>
      [
        customer,
        days.length > 1 ? `${days[0]} … ${days.at(-1)}` : days[0],
        problem.class,
        message.slice(0, 120),
        nextStep,
      ].map(cell),
    );
  const more = attention.length > rows.length ? [`and ${attention.length - rows.length} more`] : [];
  return [
    ...[
      '',
      'Needs attention:',
      '',
      '| customer | days | class | message | next step |',
      '| --- | --- | --- | --- | --- |',
    ],
    ...rows.map((row) => `| ${row.join(' | ')} |`),
    ...more,
  ];
}

function others(totals: DayCounts): string {
  return (['running', 'verifying', 'failed', 'held', 'skipped'] as const)
    .map((name) => (totals[name] > 0 ? `, ${totals[name]} ${name}` : ''))
    .join('');
}

const cell = (text: string | undefined) => (text ?? '').replace(/[|\n\r]/g, ' ');
