import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../scripts/dev/processes.js';
import { WebhookReceiver } from '../../scripts/lab/webhook-receiver.js';
import { useRig } from '../support/harness.js';
import { textOf } from '../support/history-events.js';
import { until } from '../support/run.js';

/** What the orchestrator's worker sees. */
const environment: NodeJS.ProcessEnv = {};
const rig = useRig({ environment });

const range = { start: '2026-01-01', end: '2026-01-04' };
const [oldSecret, newSecret] = ['whsec_b2xkIHNlY3JldA==', 'whsec_bmV3IHNlY3JldA=='] as const;
const receivers: WebhookReceiver[] = [];

async function listening(): Promise<WebhookReceiver> {
  const receiver = await WebhookReceiver.start();
  receivers.push(receiver);
  return receiver;
}

let file: string;
const configure = (webhooks: object[]) => writeFile(file, JSON.stringify(webhooks));

beforeAll(async () => {
  file = join(await temporaryDirectory('webhooks'), 'webhooks.json');
});
afterAll(() => {
  for (const receiver of receivers) receiver.stop();
});

describe('a run with `notify`', () => {
  it('reports each change once, in order, while a dead receiver holds up neither it nor the others', async () => {
    const [standard, slack, dead] = [await listening(), await listening(), await listening()];
    dead.status = 503;
    await configure([
      { url: standard.url, secret: [newSecret, oldSecret] },
      { url: slack.url, format: 'slack', events: ['backfill.run.paused', 'backfill.run.completed'] },
      { url: dead.url, secret: oldSecret },
    ]);
    environment.BACKFILL_WEBHOOK_URLS_FILE = file;
    const customers = ['ash', 'birch', 'cedar', 'slow-elm'];
    const run = await rig.startBackfill({ customers, ...range, cluster: 'eu-1', notify: true, maxHistoryEvents: 60 });
    await run.untilContinued(1);
    await run.update('pause', { by: 'ana', reason: 'replica <lag>' });
    await until(
      async () => standard.types,
      (types) => types.includes('run.paused'),
    );
    await run.update('resume', { by: 'bob' });
    await run.finish('slow-elm', '2026-01-01', '2026-01-02', '2026-01-03');
    const report = await run.report();
    expect(report.totals).toMatchObject({ done: 12, days: 12 });

    const all = ['run.started', 'run.paused', 'run.resumed', 'run.completed'];
    expect(standard.types).toEqual(all);
    for (const { headers, body } of standard.messages) {
      for (const secret of [oldSecret, newSecret]) new Webhook(secret).verify(body, headers);
    }
    expect(standard.byId[1]!.json.data).toMatchObject({ by: 'ana', cluster: 'eu-1', command: 'backfill resume eu-1' });
    expect(standard.byId[3]!.json.data.text).toContain(report.audit!.seal);
    expect(slack.messages.map(({ json }) => json.text)).toEqual([
      expect.stringMatching(/^\*eu-1\* paused by ana .*replica &lt;lag&gt;/),
      expect.stringMatching(/completed: 12 of 12 days/),
    ]);

    // The run has ended; what it could not deliver has a workflow of its own.
    expect(dead.messages).toEqual([]);
    dead.status = 200;
    await until(
      async () => dead.types,
      (types) => types.length === all.length,
    );
    expect(dead.byId.map(({ headers }) => headers['webhook-id'])).toEqual(
      standard.byId.map(({ headers }) => headers['webhook-id']),
    );

    const history = textOf(await run.events());
    for (const secret of [oldSecret, newSecret, standard.url, slack.url, dead.url, '/hooks/'])
      expect(history).not.toContain(secret);
  });

  it('leaves a receiver alone that answered 410, and says so in its log', async () => {
    const [gone, other] = [await listening(), await listening()];
    gone.status = 410;
    await configure([{ url: gone.url }, { url: other.url }]);
    environment.BACKFILL_WEBHOOK_URLS_FILE = file;
    const run = await rig.startBackfill({ customers: ['slow-ash'], ...range, end: '2026-01-02', notify: true });
    await until(
      () => run.effects(),
      (effects) => effects.some((effect) => /410 Gone; this run sends it no more/.test(effect)),
    );
    await run.update('pause', {});
    await run.finish('slow-ash', '2026-01-01');
    await run.report();
    expect([gone.refused, other.types.length]).toEqual([1, 3]);
  });

  it('uses an address that was replaced while the old one did not answer', async () => {
    const [old, replacement] = [await listening(), await listening()];
    old.status = 404;
    await configure([{ url: old.url }]);
    environment.BACKFILL_WEBHOOK_URLS_FILE = file;
    const run = await rig.startBackfill({ customers: ['slow-ash'], ...range, end: '2026-01-02', notify: true });
    await until(
      async () => old.refused,
      (refused) => refused > 0,
    );
    await configure([{ url: replacement.url }]);
    await until(
      async () => replacement.types,
      (types) => types.length === 1,
    );
    await run.finish('slow-ash', '2026-01-01');
    await run.report();
    expect(replacement.types).toEqual(['run.started', 'run.completed']);
  });

  it('fails before anything starts when its worker knows no webhook, or none that is right', async () => {
    delete environment.BACKFILL_WEBHOOK_URLS_FILE;
    const fields = { customers: ['ash'], ...range, notify: true };
    const { message } = await (await rig.startBackfill(fields)).failure();
    expect(message).toMatch(/notify.*BACKFILL_WEBHOOK_URLS_FILE/s);
    await configure([{ url: 'https://example.org/very-secret', secret: 'not base64!' }]);
    environment.BACKFILL_WEBHOOK_URLS_FILE = file;
    const wrong = await (await rig.startBackfill(fields)).failure();
    expect(wrong.message).toMatch(/0\.secret is not a secret/);
    expect(wrong.message).not.toMatch(/very-secret|not base64/);
  });
});
