import { randomUUID } from 'node:crypto';
import { dayFrom, intervalBetween, parseDay } from '../../backfill/hours/calendar.js';
import { formatDuration } from '../../backfill/hours/duration.js';
import { meet } from '../../backfill/hours/interval.js';
import type { CustomerView, WindowView } from '../../backfill/views/customer.js';
import { DAY_NAMES, type DayLetter } from '../../backfill/views/day-letters.js';
import { eachDay } from '../../backfill/views/placed-days.js';
import type { Proof } from '../../backfill/views/proof.js';
import { count, counted, hoursText, toSecond } from '../../presentation/lines/format.js';
import { classOf } from '../../presentation/report/html/day-styles.js';
import { type Content, html, type Markup } from '../../presentation/report/html/markup.js';
import { childPrefixOf } from '../../runs/run-input.js';
import type { Kept } from '../answers.js';
import { type Attempt, attemptsOn } from '../attempts.js';
import { temporalLink } from '../temporal-ui.js';
import { commandForm, hidden } from './forms.js';
import { type Crumbs, clusterCrumbs, type Page, wideTable } from './layout.js';
import { ask, type Question, type Subject, subjectOf } from './run-asked.js';
import { clusterPath, customerPath, dayPath, NotFound, type RunNamed, runPath, type Site } from './site.js';

const KEEP_MS = 3_000;

/** One customer: its days, its windows, and what can be done with them. */
export async function customerPage(whole: Site, cluster: string, customer: string, named: RunNamed): Promise<Page> {
  const subject = await subjectOf(whole, cluster, named);
  const { value: view, problem } = await viewOf(subject, customer);
  const note = problem === undefined ? undefined : html`<p class="note">${problem}</p>`;
  return {
    title: customer,
    crumbs: crumbsTo(subject),
    body: html`<h1>${customer}</h1>${note}${view ? bodyOf(subject, view) : undefined}`,
  };
}

const crumbsTo = ({ cluster, named }: Subject): Crumbs => [
  ...clusterCrumbs(cluster),
  ...(named.run ? [[named.run, runPath(cluster, named)] as const] : []),
];

function viewOf(subject: Subject, customer: string, day?: string): Promise<Kept<CustomerView>> {
  const argument = { customer, ...(day && { day }) };
  return answerTo(subject, ['customer', customer, day], (handle) =>
    handle.query<CustomerView, [object]>('customer', argument),
  );
}

/** The answer to a question about the run, which pages share. */
function answerTo<T>(subject: Subject, [what, ...of]: (string | undefined)[], question: Question<T>): Promise<Kept<T>> {
  const { workflowId, runId } = subject.run;
  const key = `${subject.cluster} ${JSON.stringify([what, workflowId, runId, ...of])}`;
  return subject.site.answers.get(key, KEEP_MS, () => ask(subject, question));
}

function bodyOf(subject: Subject, view: CustomerView): Markup {
  const { site, cluster, run } = subject;
  const { id, range, totals, conversations, paused, window, perCustomer, counts } = view;
  const volume = conversations === null ? undefined : html`, ${count(conversations)} conversations`;
  const form = (command: string, label: string) =>
    commandForm(site, { cluster, run: run.workflowId, command, label, fields: { customer: id } });
  return html`<dl><dt>days</dt><dd>${range.start} to ${range.end}, end exclusive${volume}; ${count(totals.done)} of ${count(totals.days)} done</dd>
<dt>window</dt><dd>${window.size}, at most ${perCustomer} at once: ${window.why}</dd>
<dt>so far</dt><dd>${count(counts.completed)} completed, ${count(counts.unsuccessful)} did not complete, ${formatDuration(counts.busyMs)} of work</dd>
${paused ? html`<dt>paused</dt><dd>${toSecond(paused.at)}${paused.by ? ` by ${paused.by}` : ''} ${paused.reason ?? ''}</dd>` : undefined}</dl>
<div class="actions">${paused ? form('resume', 'Resume') : form('pause', 'Pause')}${totals.failed > 0 ? form('retryFailed', 'Retry failed days') : undefined}${totals.held > 0 && !paused ? form('resume', 'Lift holds') : undefined}${form('cancelWindows', 'Cancel running windows')}${form('removeCustomer', 'Remove from the run')}</div>
<h2>Days</h2>${daysForm(subject, view)}
<h2>Windows</h2>${windowsTable(subject, view)}`;
}

/** Days are chosen by their boxes; the buttons are for all that are chosen. */
function daysForm({ site, cluster, run, named }: Subject, { id, range, days }: CustomerView): Content {
  const boxes = eachDay({ id, start: range.start, days }).map(([day, letter]) => {
    const name = DAY_NAMES[letter as DayLetter];
    const box = site.readOnly
      ? undefined
      : html`<input type="checkbox" name="day" value="${day}" aria-label="Choose ${day}">`;
    return html`<li>${box}<a class="${classOf(letter)}" href="${dayPath(cluster, id, day, named)}" aria-label="${day} ${name}">${day.slice(5)} ${letter}</a></li>`;
  });
  if (site.readOnly) return html`<ol class="days">${boxes}</ol>`;
  return html`<form method="post" action="${clusterPath(cluster)}/commands/days">${hidden({ run: run.workflowId, customer: id, id: randomUUID() })}<ol class="days">${boxes}</ol>
<p class="actions"><button name="command" value="resetDay">Reset chosen days</button> <button name="command" value="skipDay">Skip chosen days</button></p></form>`;
}

function windowsTable({ site, cluster, named }: Subject, { id, windows, windowsLeftOut = 0 }: CustomerView): Content {
  if (windows.length === 0) return html`<p class="note">The run remembers no window of ${id}.</p>`;
  const rows = windows.map(
    (
      window,
    ) => html`<tr><td><a href="${dayPath(cluster, id, window.start.slice(0, 10), named)}">${hoursText(window)}</a></td><td>${window.state}</td><td class="number">${window.attempt}</td><td>${window.startedAt ? toSecond(window.startedAt) : window.dueAt ? `not before ${toSecond(window.dueAt)}` : ''}</td><td class="number">${window.durationMs === undefined ? '' : formatDuration(window.durationMs)}</td><td>${[window.class, window.error].filter(Boolean).join(': ')}</td><td>${temporalLink(site, cluster, window.workflowId)}</td></tr>
`,
  );
  const out = windowsLeftOut > 0 ? html`<p class="note">and ${counted(windowsLeftOut, 'more window')}</p>` : undefined;
  const heads = ['hours', 'state', 'attempt', 'started', 'took', 'why', 'workflow'];
  return html`${wideTable(`Windows of ${id}`, heads, rows)}${out}`;
}

/** One day of a customer: why it is not running now, and every attempt at it. */
export async function dayPage(
  whole: Site,
  cluster: string,
  customer: string,
  day: string,
  named: RunNamed,
): Promise<Page> {
  const subject = await subjectOf(whole, cluster, named);
  const { site, run } = subject;
  const start = parseDay(day);
  if (start === undefined) throw new NotFound(`${day} is not a UTC day; expected a day such as 2026-01-15.`);
  const hours = dayFrom(start);
  const [{ value: view, problem }, attempts] = await Promise.all([
    viewOf(subject, customer, day),
    answerTo(subject, ['attempts', customer, day], async (_, client) => {
      const prefix = await childPrefixOf(client, run.workflowId, run.runId);
      return attemptsOn(client, prefix, customer, hours);
    }),
  ]);
  const form = (command: string, label: string, fields: Record<string, string> = { customer, day }) =>
    commandForm(site, { cluster, run: run.workflowId, command, label, fields, explained: true });
  const isHeld =
    view &&
    eachDay({ id: customer, start: view.range.start, days: view.days }).some((one) => one[0] === day && one[1] === 'h');
  const proof = await proofOn(subject, customer, day);
  const known = (view?.windows ?? []).filter((window) => meet(intervalBetween(window.start, window.end), hours));
  return {
    title: day,
    crumbs: [...crumbsTo(subject), [customer, customerPath(cluster, customer, named)]],
    body: html`<h1>${customer}, ${day}</h1><p class="why">${view?.why?.reason ?? problem}</p>
<div class="actions">${form('resetDay', 'Reset day')}${form('skipDay', 'Skip day')}${isHeld ? form('resume', 'Lift holds', { customer }) : undefined}</div>
${proof}<h2>Attempts</h2>${attempts.problem ? html`<p class="note">${attempts.problem}</p>` : undefined}${attemptsTable(subject, attempts.value ?? [], known)}`,
  };
}

/** Whether the day was verified, and what was counted in it; nothing for a day that is not done. */
async function proofOn(subject: Subject, customer: string, day: string): Promise<Content> {
  const { value } = await answerTo(subject, ['proof', customer], (handle) =>
    handle.query<Proof, [object]>('proof', { customer }),
  );
  const rows = (value?.rows ?? []).filter((row) => row[1] === day);
  return rows.map(([, , conversations, scorecards, window, completedAt, attempts, verified]) => {
    const counts =
      conversations === null
        ? ''
        : `: ${count(scorecards ?? 0)} scorecards of ${counted(conversations, 'conversation')}`;
    const when =
      completedAt === null ? 'before this run' : `at ${toSecond(completedAt)}, ${counted(attempts, 'attempt')}`;
    return html`<p>${verified ? '✓ verified' : '✗ not verified'}${counts}. Done ${when}${window ? html` by <code>${window}</code>` : undefined}.</p>`;
  });
}

/** What Temporal has of each execution, with the class that the run gave its failure. */
function attemptsTable(
  { site, cluster }: Subject,
  attempts: readonly Attempt[],
  known: readonly WindowView[],
): Content {
  if (attempts.length === 0) return html`<p class="note">No window has covered this day yet.</p>`;
  const classOfFailure = (workflowId: string, startedAt: Date) =>
    known.find(
      (window) =>
        window.workflowId === workflowId &&
        window.class &&
        Math.abs(Date.parse(window.startedAt ?? '') - startedAt.getTime()) < 60_000,
    )?.class;
  const rows = attempts.map(({ workflowId, runId, status, startedAt, closedAt, workers, message, result }) => {
    const took = formatDuration((closedAt?.getTime() ?? Date.now()) - startedAt.getTime());
    const kind = classOfFailure(workflowId, startedAt);
    return html`<tr><td>${toSecond(startedAt.toISOString())}</td><td>${status.toLowerCase()}${kind ? ` (${kind})` : ''}</td><td class="number">${took}</td><td>${message ?? result ?? ''}</td><td>${workers.join(', ')}</td><td>${temporalLink(site, cluster, workflowId, runId)}</td></tr>
`;
  });
  const heads = ['started', 'how it ended', 'took', 'message, or what it counted', 'worker', 'workflow'];
  return wideTable('Attempts', heads, rows);
}
