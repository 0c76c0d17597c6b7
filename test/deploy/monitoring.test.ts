import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { alertsWith } from '../../deploy/monitoring/rules.js';
import { isInstalled } from '../../scripts/dev/processes.js';
import { DATABASE, PROMETHEUS } from '../../src/activities/probe/sources.js';
import { createProgram } from '../../src/cli/command-line.js';
import { METRICS } from '../../src/server/metrics/metrics.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = `${root}deploy/monitoring`;

const hasPromtool = await isInstalled('promtool');
if (!hasPromtool) console.warn("SKIPPED: the alerts' own tests need promtool (Debian: apt-get install prometheus)");

describe('the alerts', () => {
  it('and their rules, tests, dashboard and runbook say the same: a rule that nobody generated would not be tested', async () => {
    await expect(
      run('npm', ['run', '--silent', 'generate:monitoring', '--', '--check'], { cwd: root }),
    ).resolves.toBeDefined();
  }, 120_000);

  it.skipIf(!hasPromtool)(
    'fire when they should, and stay silent when a run is paused, is over, or settles it by itself',
    async () => {
      await run('promtool', ['check', 'rules', 'rules.yaml'], { cwd: folder });
      const { stdout } = await run('promtool', ['test', 'rules', 'rules.test.yaml'], { cwd: folder });
      expect(stdout).toContain('SUCCESS');
    },
    120_000,
  );

  it('that the probe is blind names each address that it may read from', () => {
    const { steps } = alertsWith().find(({ name }) => name === 'BackfillProbeBlind')!;
    for (const variable of [DATABASE, PROMETHEUS]) expect(steps.join(' ')).toContain(`\`${variable}\``);
  });

  it('name a first command that is understood, so that nobody types it in vain at night', async () => {
    const known = createProgram(() => () => Promise.resolve(), { writeOut: () => {}, writeErr: () => {} }).commands;
    const words = alertsWith().flatMap(({ look, steps }) => [
      ...`${look}\n${steps.join('\n')}`.matchAll(/backfill ([a-z-]+)/g),
    ]);
    const named = words.map(([, word]) => word).filter((word) => !word!.startsWith('scorecards'));
    expect(named.length).toBeGreaterThan(10);
    for (const { look } of alertsWith().filter(({ look }) => look.startsWith('backfill '))) {
      const program = createProgram(() => () => Promise.resolve(), { writeOut: () => {}, writeErr: () => {} });
      await program.parseAsync(look.replace('{{ $labels.cluster }}', 'eu').split(' ').slice(1), { from: 'user' });
    }
    expect(named.filter((word) => !known.some((command) => command.name() === word))).toEqual([]);
  });

  it('use only metrics that exist', () => {
    const names = alertsWith().flatMap(({ expr }) => expr.match(/\bbackfill_\w+/g) ?? []);
    expect(names.filter((name) => !Object.hasOwn(METRICS, name))).toEqual([]);
  });
});
