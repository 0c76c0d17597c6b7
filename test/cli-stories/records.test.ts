/** What is left of a run when it is over: who did what, a report that can be checked, a trace. The command as built. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { temporaryDirectory } from '../../scripts/dev/processes.js';
import type { AuditEntry } from '../../src/cli/audit/entries.js';
import { sentTo } from '../../src/cli/audit/history.js';
import type { OtlpTraces } from '../../src/cli/trace/otlp.js';
import { BackfillCommand } from '../support/backfill.js';
import { useRig } from '../support/harness.js';
import { BackfillHandle } from '../support/run.js';
import { expectPlainAndNarrow, MANY_CALLS_MS, namesOfThisFile } from './clusters.js';

const { taskQueue, childQueue, prefix, clusterOf } = namesOfThisFile();
const west = clusterOf('west');
const range = ['--start', '2026-01-01', '--end', '2026-01-03'];
const rig = useRig({ taskQueue, childQueue });
const workflowId = `backfillscorecards-${west}-2026-01-01--2026-01-03`;
let backfill: BackfillCommand;
let folder: string;

beforeAll(async () => {
  folder = await temporaryDirectory('records');
  backfill = await BackfillCommand.create({
    fleet: {
      clusters: {
        [west]: {
          address: inject('address'),
          taskQueue,
          directory: { customers: ['shaky-a', 'slow-b'] },
          defaults: {
            child: { taskQueue: childQueue, workflowIdPrefix: prefix },
            parallelism: 2,
            retry: { unknown: { backoff: '100ms' } },
          },
        },
      },
    },
  });
  const run = new BackfillHandle(rig.client, workflowId, prefix);
  await backfill.json('start', west, ...range, '--yes');
  await backfill.json('pause', west, '--reason', 'replica lag', '--by', 'ana');
  await backfill.json('resume', west, '--by', 'bob');
  await run.finish('slow-b', '2026-01-01', '2026-01-02');
  await run.report();
}, MANY_CALLS_MS);
afterAll(() => backfill.remove());

describe('After a run', () => {
  it('audit lists who started it and who sent which command, and moves of its own only if asked', async () => {
    const { clusters } = await backfill.json<{ entries: AuditEntry[] }>('audit', west);
    const people = clusters[0]!.entries.map(({ kind, what, by }) => ({ kind, what, by }));
    expect(people).toEqual([
      { kind: 'start', what: 'start', by: expect.stringMatching(/^[^@]+@./) },
      { kind: 'command', what: 'pause', by: 'ana' },
      { kind: 'command', what: 'resume', by: 'bob' },
    ]);
    const all = await backfill.json<{ entries: AuditEntry[] }>('audit', west, '--decisions');
    expect(all.clusters[0]!.entries.map(({ effect }) => effect)).toContain('the run ends: completed');
    const table = await backfill.run('audit', west);
    expect(table.stdout).toMatch(/pause by ana/);
    const csv = await backfill.run('audit', west, '--format', 'csv');
    expect(csv.stdout).toMatch(/^at,cluster,run,kind,by,what,effect\r\n/);
    expectPlainAndNarrow(table);
  });

  it('its histories still say who sent which command when no log does', async () => {
    const { runId } = await rig.client.workflow.getHandle(workflowId).describe();
    const { sent, complete } = await sentTo(rig.client, { workflowId, runId });
    expect(complete).toBe(true);
    expect(sent).toMatchObject([
      { what: 'pause', by: 'ana', did: expect.stringContaining('paused') },
      { what: 'resume', by: 'bob', did: expect.any(String) },
    ]);
  });

  it('its report passes verify-report, and a copy with one changed name does not', async () => {
    const file = join(folder, 'report.json');
    await backfill.run('report', west, '--format', 'json', '--out', file);
    const fine = await backfill.run('verify-report', file);
    expect(fine).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/4 rows of proof and \d+ log entries are as the run wrote/),
    });
    await writeFile(file, (await readFile(file, 'utf8')).replaceAll('"by": "ana"', '"by": "eve"'));
    const changed = await backfill.run('verify-report', file);
    expect(changed).toMatchObject({ code: 4, stdout: expect.stringMatching(/the log is not the one/) });
  });

  it('its trace has a span for each window, with every attempt below it', async () => {
    const file = join(folder, 'trace.json');
    await backfill.run('trace', west, '--out', file);
    const { resourceSpans } = JSON.parse(await readFile(file, 'utf8')) as OtlpTraces;
    const [root, ...spans] = resourceSpans[0]!.scopeSpans[0]!.spans;
    expect(root!.events!.map(({ name }) => name)).toEqual(expect.arrayContaining(['pause', 'resume', 'windowRetried']));
    const windows = spans.filter(({ parentSpanId }) => parentSpanId === root!.spanId);
    expect(windows).toHaveLength(4);
    const shaky = windows.find(({ name }) => name === `${prefix}-shaky-a-2026-01-01`)!;
    const attempts = spans.filter(({ parentSpanId }) => parentSpanId === shaky.spanId);
    expect(attempts.map(({ status }) => status.code)).toEqual([2, 2, 1]);
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
  });
});
