import { setTimeout as sleep } from 'node:timers/promises';
import type { Report } from '../../../src/backfill/views/report.js';
import { completeness } from '../../../src/reference-ingestion/completeness.js';
import { loadFleet } from '../../../src/reference-ingestion/load-fleet.js';
import { type Answer, Backfill } from './backfill.js';
import { violations } from './checks.js';
import { type Execution, executionsOf } from './executions.js';
import { type Fact, factsOf } from './facts.js';
import { notificationFaults } from './notifications.js';
import { disobedience } from './obedience.js';
import { heal } from './operator.js';
import { type Action, type Script, scriptOf } from './script.js';
import { insist, type Stack } from './stack.js';

const PATIENCE_MS = 180_000;

/** What was done to the backfill, when, and what came of it; for people who look into a failed round. */
export interface Deed {
  at: number;
  action: Action;
  outcome: string;
}

export interface RoundResult {
  script: Script;
  deeds: Deed[];
  violations: string[];
  ms: number;
  starts: number;
  /** Runs of the backfill in all, continue-as-new included. */
  facts: Fact[];
  executions: Execution[];
}

/** One round: a backfill, its script of disasters, an operator who heals it, and the checks. */
export async function runRound(stack: Stack, seed: number): Promise<RoundResult> {
  const script = scriptOf(seed);
  const began = Date.now();
  await prepare(stack, script);
  const backfill = new Backfill(stack, script);
  await backfill.start();

  const deeds: Deed[] = [];
  const startedAt = Date.now();
  const answers: Answer[] = [];
  await Promise.all(
    script.steps.map(async ({ at, action }) => {
      await sleep(at);
      const deed: Deed = { at: Date.now() - startedAt, action, outcome: '' };
      deeds.push(deed);
      deed.outcome = await perform(stack, backfill, action, answers).catch((error) => `failed: ${error}`);
    }),
  );
  const found = deeds.filter(({ outcome }) => outcome.startsWith('failed: ')).map((deed) => JSON.stringify(deed));
  await heal(backfill, PATIENCE_MS).catch((error: Error) => found.push(error.message));

  const executions = await executionsOf(stack.client, `chaos${seed}-`);
  const facts = await factsOf(stack.client, backfill.workflowId);
  found.push(...violations(facts, executions), ...disobedience(facts), ...lostAnswers(facts, answers));
  found.push(...(await incomplete(stack, script, backfill)));
  found.push(...(await notificationFaults(stack, backfill.workflowId)));
  const ms = Date.now() - began;
  return { script, deeds, violations: found, ms, starts: backfill.starts, facts, executions };
}

async function prepare({ database }: Stack, script: Script): Promise<void> {
  const { troubles, start, end, conversations, seed } = script;
  const url = database.options.connectionString!;
  const customers = troubles.map(({ customer }) => ({ cluster: 'chaos', id: customer, conversations }));
  await insist(() => loadFleet(url, { customers, range: { start, end }, seed }));
  for (const { customer, slowMs, fault } of troubles) {
    const insert =
      'INSERT INTO reference.faults (customer_id, kind, parameters, covers, last_attempt) VALUES ($1, $2, $3, $4, $5)';
    // The first row that applies counts, so the fault stands before what slows all windows down.
    if (fault) {
      const covers = `${fault.day}T12:00:00Z`;
      await database.query(insert, [customer, fault.kind, {}, covers, fault.executions]);
    }
    await database.query(insert, [customer, 'slow', { milliseconds: slowMs }, null, null]);
  }
}

async function perform(stack: Stack, backfill: Backfill, action: Action, answers: Answer[]): Promise<string> {
  switch (action.kind) {
    case 'kill':
      await stack.crash(action.part, action.downMs);
      return 'killed, and back';
    case 'terminateBackfill':
      await backfill.terminate();
      await sleep(action.downMs);
      await backfill.start(action.window);
      return 'terminated, and started again';
    case 'stopWindow':
      return await stopWindow(stack, backfill, action);
    case 'command': {
      const answer = await backfill.command(action.name, action.argument, action.as);
      answers.push(answer);
      return answer.kind === 'done' ? `done: ${answer.did}` : `${answer.kind}: ${answer.why}`;
    }
    default:
      return action satisfies never;
  }
}

async function stopWindow(
  { client }: Stack,
  { workflowId }: Backfill,
  { how, which }: Action & { kind: 'stopWindow' },
): Promise<string> {
  const customers = workflowId.slice('backfillscorecards-'.length);
  const query = `WorkflowId STARTS_WITH "reindexconversations-${customers}-" AND CloseTime IS NULL`;
  const running = await insist(async () => {
    const ids: string[] = [];
    for await (const { workflowId } of client.workflow.list({ query })) ids.push(workflowId);
    return ids.sort();
  });
  const id = running[Math.floor(which * running.length)];
  if (id === undefined) return 'no window was running';
  const handle = client.workflow.getHandle(id);
  await insist(() => (how === 'cancel' ? handle.cancel() : handle.terminate('chaos'))).catch((error: Error) => {
    if (error.name !== 'WorkflowNotFoundError') throw error;
  });
  return `${how}: ${id}`;
}

/** Every Update that was answered as done stands in a history as accepted and done. */
function lostAnswers(facts: readonly Fact[], answers: readonly Answer[]): string[] {
  const recorded = new Set(
    facts.flatMap((fact) => (fact.kind === 'command' && fact.verdict === 'accepted' ? [fact.updateId] : [])),
  );
  return answers.flatMap((answer) =>
    answer.kind === 'done' && !recorded.has(answer.updateId) ? [`answered, but not recorded: ${answer.did}`] : [],
  );
}

/** What is not done: by the last run's report and progress, and by the rows in PostgreSQL. */
async function incomplete({ client, database }: Stack, script: Script, backfill: Backfill): Promise<string[]> {
  const found: string[] = [];
  const handle = client.workflow.getHandle(backfill.workflowId);
  const { status } = await insist(() => handle.describe());
  if (status.name === 'COMPLETED') {
    const { totals } = (await insist(() => handle.result())) as Report;
    if (totals.done !== totals.days) found.push(`the report has ${totals.done} of ${totals.days} days done`);
  } else found.push(`the backfill is ${status.name} in the end`);
  const progress = await backfill.progress();
  for (const id of backfill.customers) {
    const days = progress.customers.find((customer) => customer.id === id)?.days ?? '';
    if (!/^d+$/.test(days) || days.length !== script.days.length) found.push(`progress shows ${id} as ${days}`);
  }
  const { start, end } = script;
  const { total } = await insist(() => completeness(database, { start, end, customers: [...backfill.customers] }));
  if (total.conversations === 0) found.push('PostgreSQL has no conversations, so its rows prove nothing');
  if (total.missing > 0)
    found.push(`${total.missing} of ${total.conversations} conversations have no current scorecard`);
  if (total.wrongAggregates > 0) found.push(`${total.wrongAggregates} aggregates disagree with the scorecards`);
  return found;
}
