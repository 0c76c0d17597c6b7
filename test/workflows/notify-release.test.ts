import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { stopAll, temporaryDirectory } from '../../scripts/dev/processes.js';
import { WebhookReceiver } from '../../scripts/lab/webhook-receiver.js';
import { useRig } from '../support/harness.js';
import { buildOfRun, Release } from '../support/release.js';
import { until } from '../support/run.js';

const rig = useRig();
afterAll(() => stopAll());

it('A release takes over what an ended run could not deliver, so that the build before it can go', async () => {
  const receiver = await WebhookReceiver.start();
  receiver.status = 503;
  const file = join(await temporaryDirectory('webhooks'), 'webhooks.json');
  await writeFile(file, JSON.stringify([{ url: receiver.url }]));
  const environment = { BACKFILL_WEBHOOK_URLS_FILE: file };
  await rig.stopOrchestrator();
  const first = await Release.start(rig, 'first', [], environment);
  await first.makeCurrent();
  const run = await rig.startBackfill({ customers: ['ash'], start: '2026-01-01', end: '2026-01-02', notify: true });
  await run.report();
  const { runId } = await run.handle.describe();
  const rest = `${run.workflowId}-notifications-${runId}`;
  expect(
    await until(
      () => buildOfRun(rig.client, rest),
      (build) => build !== undefined,
    ),
  ).toBe('first');
  await until(
    async () => receiver.refused,
    (refused) => refused > 1,
  );

  const second = await Release.start(rig, 'second', [], environment);
  expect((await second.replayGate()).output).toContain(`✓ ${rest}`);
  await second.makeCurrent();
  await first.worker.stop();
  receiver.status = 204;
  await rig.client.workflow.getHandle(rest).result();
  expect(await buildOfRun(rig.client, rest)).toBe('second');
  expect(receiver.types).toEqual(['run.started', 'run.completed']);
  expect(receiver.messages).toHaveLength(2);
  receiver.stop();
}, 120_000);
