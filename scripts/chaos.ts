/**
 * `npm run chaos -- [--rounds N] [--seed N] [--evidence DIRECTORY] [--verbose]`: random disasters on real processes, then checks on
 * Temporal's own records; `npm run chaos -- --endurance [--windows N]`: a long run that continues as new many times.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stopAll } from './dev/processes.js';
import { listAll } from './lab/chaos/executions.js';
import { type RoundResult, runRound } from './lab/chaos/round.js';
import { type Stack, startStack } from './lab/chaos/stack.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    evidence: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    endurance: { type: 'boolean', default: false },
    windows: { type: 'string', default: '2000' },
  },
});

async function main(): Promise<void> {
  if (values.endurance) {
    const { endurance } = await import('./lab/chaos/endurance.js');
    const problems = await endurance(Number(values.windows), (line) => console.log(line));
    if (problems.length > 0) process.exitCode = 1;
    return;
  }
  const rounds = Number(values.rounds);
  const first = Number(values.seed);
  let failed = 0;
  let stack = await startStack();
  for (let seed = first; seed < first + rounds; seed++) {
    const result = await runRound(stack, seed);
    const unexpected = stack.unexpected.splice(0);
    console.log(line(result, unexpected));
    if (result.violations.length > 0 || values.verbose) explain(result);
    if (result.violations.length === 0) continue;
    failed++;
    if (values.evidence) await keep(values.evidence, result, stack);
    // What a failed round left behind must not fail the next one.
    await stack.stop();
    stack = await startStack();
  }
  await stack.stop();
  console.log(`${rounds} rounds from seed ${first}: ${rounds - failed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}

function line({ script, deeds, facts, executions, starts, ms, violations }: RoundResult, unexpected: string[]): string {
  const accepted = facts.filter((fact) => fact.kind === 'command' && fact.verdict === 'accepted').length;
  const kills = deeds.filter(({ action }) => action.kind === 'kill').length;
  const runs = new Set(facts.map(({ chain }) => chain)).size;
  const ended = unexpected.length === 0 ? '' : `, ${unexpected.join(', ')}`;
  return (
    `round ${script.seed}: ${violations.length === 0 ? 'ok' : 'FAILED'} in ${Math.round(ms / 1_000)} s: ${kills} kills, ${starts} starts (${runs} chains), ` +
    `${accepted} commands accepted, ${executions.length} windows${ended}`
  );
}

function explain({ violations, script, deeds }: RoundResult): void {
  for (const violation of violations) console.log(`  ${violation}`);
  console.log(`  again: npm run chaos -- --rounds 1 --seed ${script.seed}`);
  const { steps, ...rest } = script;
  console.log(`  ${JSON.stringify(rest)}`);
  for (const step of steps) console.log(`  planned ${JSON.stringify(step)}`);
  for (const { at, action, outcome } of deeds) console.log(`  at ${at} ms ${JSON.stringify(action)} → ${outcome}`);
}

/** What a failed round leaves for the person who looks into it: all that was checked, and the backfill's whole histories. */
async function keep(directory: string, result: RoundResult, { client }: Stack): Promise<void> {
  const { seed } = result.script;
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, `round-${seed}.json`), JSON.stringify(result, undefined, 1));
  const workflowId = `backfillscorecards-chaos${seed}`;
  const runs = await listAll(client, `WorkflowId = "${workflowId}"`);
  for (const [index, { runId }] of runs.reverse().entries()) {
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    await writeFile(join(directory, `round-${seed}-run-${index + 1}.json`), JSON.stringify(history, undefined, 1));
  }
}

try {
  await main();
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await stopAll();
}
