import { afterEach, describe, expect, it } from 'vitest';
import { startTemporalServer } from '../../scripts/dev/temporal-server.js';
import { watchedCluster } from '../../src/cli/commands/watch.js';
import { useRig } from '../support/harness.js';
import { until } from '../support/run.js';
import { formsIn, TestServer } from './support.js';

const rig = useRig();
const open: TestServer[] = [];
const days = { start: '2026-01-01', end: '2026-01-04' };
const HOSTILE = '<script>alert(1)</script>"\'><img src=x onerror=alert(1)>\u001b[31m\u202ered';

afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function serve(runs: Record<string, string>): Promise<TestServer> {
  const server = await TestServer.start(rig, runs);
  open.push(server);
  return server;
}

/** A run whose first window is running, on pages as the cluster `east`. */
async function shown(customers: string[]) {
  const run = await rig.startBackfill({ customers, ...days });
  await run.until(({ totals }) => totals.running === 1);
  const server = await serve({ east: run.workflowId });
  await pageWith(server, '/', run.workflowId);
  return { run, server };
}

/** The page once it has this text. */
const pageWith = (server: TestServer, path: string, text: string | RegExp) =>
  until(
    () => server.page(path),
    (page) => (typeof text === 'string' ? page.includes(text) : text.test(page)),
  );

describe('pages over real runs', () => {
  it('a command from a page is in the run’s log with the person’s name, and the page has the run’s answer', async () => {
    const { run, server } = await shown(['slow-a', 'slow-b']);
    const path = '/clusters/east/commands/pause';
    const answer = await server.send(path, { reason: HOSTILE }, 'ana@example.com');
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('the run is paused; 1 window in flight will finish');
    expect(answer.text).toContain('backfill pause east --reason');
    expect((await run.log()).at(-1)).toMatchObject({ what: 'pause', by: 'ana@example.com' });
    await pageWith(server, '/metrics', 'backfill_run_status{cluster="east",status="pausing"} 1');
    for (const page of ['/', '/clusters/east', '/clusters/east/customers/slow-b/days/2026-01-02']) {
      const text = await pageWith(server, page, 'ana@example.com');
      expect(text).toContain('&lt;script&gt;alert(1)');
      expect(text).not.toContain('<script>alert');
      expect(text).not.toContain('<img');
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be in a page
      expect(text).not.toMatch(/[\u001b\u202e]/);
    }
    const resumed = await server.send('/commands/resume', {});
    expect(resumed.text).toContain('the run continues');
    expect((await run.log()).at(-1)).toMatchObject({ what: 'resume', by: 'operator' });
  });

  it('a form that is sent twice is done once', async () => {
    const { run, server } = await shown(['slow-a']);
    const fields = { id: 'the-same-form', customer: 'slow-a', day: '2026-01-02' };
    for (let i = 0; i < 2; i++) {
      const { text } = await server.send('/clusters/east/commands/skipDay', fields);
      expect(text).toContain('slow-a 2026-01-02: was waiting, is skipped');
    }
    expect((await run.log()).filter(({ what }) => what === 'skipDay')).toHaveLength(1);
  });

  it('what cannot be taken back is asked for again before anything is sent', async () => {
    const { run, server } = await shown(['slow-a']);
    for (const command of ['finish', 'cancel', 'cancelWindows']) {
      const { text } = await server.send(`/clusters/east/commands/${command}`, {});
      expect(text).toContain('About to ');
    }
    expect((await run.progress()).status).toBe('running');
    const { text } = await server.send('/clusters/east/commands/finish', { confirmed: 'yes' });
    expect(text).toContain('finishing: 1 window in flight will end first');
    await run.finish('slow-a', '2026-01-01');
    await run.report();
  });

  it('a refusal is the run’s own sentence, and nothing is lost by a wrong field', async () => {
    const { server } = await shown(['slow-a']);
    const wrong = await server.send('/clusters/east/commands/setParallelism', { max: 'many' });
    expect(wrong.status).toBe(409);
    expect(wrong.text).toContain('expected a whole number from 1 to 1,000');
    const right = await server.send('/clusters/east/commands/setParallelism', {
      max: '3',
      perCustomer: '',
      adaptive: '',
    });
    expect(right.text).toContain('max 1 → 3');
  });

  it('failed days have their message, each attempt, and the next step as a button', async () => {
    const run = await rig.startBackfill({ customers: ['broken-a'], ...days });
    await run.until(({ totals }) => totals.failed === 3);
    const server = await serve({ east: run.workflowId });
    const page = await pageWith(server, '/clusters/east', 'no such customer');
    expect(page).toMatch(/action="\/clusters\/east\/commands\/retryFailed"/);
    const day = await pageWith(server, '/clusters/east/customers/broken-a/days/2026-01-02', 'reindexconversations');
    expect(day).toContain('it has failed, permanent: no such customer');
    expect(day).toMatch(/failed \(permanent\)/);
    expect(day).toContain('https://temporal.example.com/namespaces/ingestion/workflows/');
    const retried = await server.send('/clusters/east/commands/retryFailed', { customer: 'broken-a' });
    expect(retried.text).toContain('broken-a 2026-01-01 to 2026-01-03 waits again');
  });

  it('several chosen days are reset with one form', async () => {
    const run = await rig.startBackfill({ customers: ['a', 'slow-b'], ...days, parallelism: 2 });
    await run.until(({ totals }) => totals.done === 3);
    const server = await serve({ east: run.workflowId });
    await pageWith(server, '/clusters/east/customers/a', 'Reset chosen days');
    const fields = { customer: 'a', day: '2026-01-01,2026-01-03', command: 'resetDay', confirmed: 'yes' };
    const { text } = await server.send('/clusters/east/commands/days', fields);
    expect(text).toContain('a 2026-01-01: was done');
    expect(text).toContain('a 2026-01-03: was done');
    expect((await run.log()).filter(({ what }) => what === 'resetDay')).toHaveLength(2);
  });

  it('shows how far a window is inside, and warns before its heartbeat times out', async () => {
    const { run, server } = await shown(['beating-a']);
    await pageWith(server, '/clusters/east', /25%, 25 done, 100 total, heartbeat .* ago of at most 20s/);
    await pageWith(server, '/', 'it may time out: if it does, the run splits the window');
    await run.update('finish', {});
    await run.finish('beating-a', '2026-01-01');
    await run.report();
  });

  it('goes back to any moment of a run, open or closed', async () => {
    const run = await rig.startBackfill({ customers: ['slow-a', 'slow-b'], ...days });
    // Pages go by Temporal's records: the run knows of a window before its workflow has started.
    await run.untilStarted(1);
    const running = new Date().toISOString();
    await run.update('skipDay', { customer: 'slow-b', day: '2026-01-02', by: 'ana' });
    const skipped = new Date().toISOString();
    await run.update('setParallelism', { max: 2, perCustomer: 3 });
    await run.finish('slow-a', '2026-01-01', '2026-01-02', '2026-01-03');
    await run.finish('slow-b', '2026-01-01', '2026-01-03');
    await run.report();
    const server = await serve({ east: run.workflowId });
    await pageWith(server, '/', 'completed');
    const at = async (moment: string) =>
      lettersIn(await server.page(`/clusters/east?at=${encodeURIComponent(moment)}`));
    expect(await at(running)).toEqual({ 'slow-a': 'r..', 'slow-b': '...' });
    expect(await at(skipped)).toEqual({ 'slow-a': 'r..', 'slow-b': '.s.' });
    expect(await at(new Date().toISOString())).toEqual({ 'slow-a': 'ddd', 'slow-b': 'dsd' });
  });

  it('shows every earlier run at an address of its own, and changes nothing of the present one from there', async () => {
    const workflowId = `backfillscorecards-south-${crypto.randomUUID()}`;
    const input = { customers: ['slow-old'], ...days, cluster: 'south' };
    const first = await rig.startBackfill(input, { workflowId });
    await first.finish('slow-old', '2026-01-01', '2026-01-02', '2026-01-03');
    await first.report();
    const again = await rig.startBackfill({ ...input, customers: ['slow-new'] }, { workflowId });
    const foreign = await rig.startBackfill({ customers: ['slow-x'], ...days, cluster: 'north' });
    const server = await serve({ south: workflowId });
    await pageWith(server, '/clusters/south', 'slow-new');
    const list = await pageWith(server, '/clusters/south/runs', 'completed');
    const [, link = ''] = /href="([^"]*execution=[^"]*)"/.exec(list)!;
    const query = link.replaceAll('&amp;', '&').replace('/clusters/south', '');
    const old = await pageWith(server, `/clusters/south${query}`, 'slow-old');
    expect(lettersIn(old)).toEqual({ 'slow-old': 'ddd' });
    const customer = await server.page(`/clusters/south/customers/slow-old${query}`);
    expect(customer).toMatch(/3 of 3 done/);
    expect([old, customer].join()).not.toContain('method="post"');
    const day = await server.page(`/clusters/south/customers/slow-old/days/2026-01-02${query}`);
    expect(day).toContain('done');
    expect(day).toContain('slow-old-2026-01-02');
    const past = await server.page(`/clusters/south${query}&at=${encodeURIComponent('2026-01-01T00:00:00Z')}`);
    expect(lettersIn(past)).toEqual({ 'slow-old': '...' });
    for (const named of [`?run=${foreign.workflowId}`, '?run=nothing', `?run=${workflowId}&execution=x`]) {
      expect(await server.page(`/clusters/south${named}`)).toContain('Not found');
    }
    await Promise.all([again, foreign].map(({ handle }) => handle.terminate()));
  });

  it('sends commands to the run that a page shows, where a cluster has two open ones', async () => {
    const input = { ...days, cluster: 'south' };
    const [older, newer, north, ended] = await Promise.all([
      rig.startBackfill({ ...input, customers: ['slow-older', 'broken-older'], parallelism: 2 }),
      rig.startBackfill({ ...input, customers: ['slow-newer'] }),
      rig.startBackfill({ ...input, customers: ['slow-x'], cluster: 'north' }),
      rig.startBackfill({ ...input, customers: ['a'] }),
    ]);
    await Promise.all([older.until(({ totals }) => totals.failed === 3 && totals.running === 1), ended.report()]);
    const server = await serve({ south: newer.workflowId });
    await pageWith(server, '/clusters/south', 'slow-newer');
    const own = `?run=${older.workflowId}`;
    const page = await pageWith(server, `/clusters/south${own}`, 'broken-older');
    expect(page).toContain(`<title>${older.workflowId}: backfill</title>`);
    expect(page).toContain(`backfill retry-failed south --run ${older.workflowId}`);
    expect(page).toContain(`/clusters/south/customers/slow-older/days/2026-01-02${own}`);
    for (const path of ['', '/customers/broken-older', '/customers/broken-older/days/2026-01-02']) {
      const forms = formsIn(await server.page(`/clusters/south${path}${own}`));
      expect(forms.length).toBeGreaterThan(1);
      for (const { fields } of forms) expect(fields.run).toBe(older.workflowId);
    }
    const send = (command: string, run: string, fields = {}) =>
      server.send(`/clusters/south/commands/${command}`, { run, ...fields });
    const paused = await send('pause', older.workflowId);
    expect(paused.text).toContain('the run is paused');
    expect(paused.text).toContain(`<a href="/clusters/south${own}">Back</a>`);
    expect(await server.page(`/clusters/south${own}`)).toContain('>Resume</button>');
    const cells = JSON.stringify([['broken-older', '2026-01-01', 3]]);
    const asked = await send('retryDay', older.workflowId, { cells });
    expect(asked.text).toContain(`run <code>${older.workflowId}</code>`);
    const [confirm] = formsIn(asked.text);
    expect((await server.send(confirm!.action, confirm!.fields)).text).toContain('2026-01-03: was failed, waits');
    const cancelled = await send('cancel', older.workflowId, { confirmed: 'yes' });
    expect(cancelled.text).toContain(`${older.workflowId} was asked to cancel`);
    const foreign = await send('pause', north.workflowId);
    expect([foreign.status, foreign.text]).toEqual([409, expect.stringContaining('is a run of another cluster')]);
    const over = await send('pause', ended.workflowId);
    expect([over.status, over.text]).toEqual([409, expect.stringContaining('has no open run')]);
    const window = await send('cancel', `${newer.prefix}-slow-newer-2026-01-01`, { confirmed: 'yes' });
    expect(window.text).toContain('not a run of backfillScorecards');
    expect([await newer.progress(), await north.progress()]).toMatchObject([
      { status: 'running' },
      { status: 'running' },
    ]);
    expect((await newer.log()).map(({ what }) => what)).not.toContain('pause');
    await Promise.all([newer, north].map(({ handle }) => handle.terminate()));
  });

  it('starts a run from a page, its plan first', async () => {
    const server = await serve({ west: 'backfillscorecards-west-2025-02' });
    await pageWith(server, '/clusters/west', 'no run');
    const fields = { start: '2025-02-01', end: '2025-03-01', customers: 'slow-a, slow-b' };
    const plan = await server.send('/clusters/west/start', { ...fields, step: 'plan' });
    expect(plan.text).toContain('plan for 2025-02-01 to 2025-03-01; nothing has started');
    expect(plan.text).toContain('Start backfillscorecards-west-2025-02');
    const bad = await server.send('/clusters/west/start', { start: 'soon', end: '2025-03-01', step: 'start' });
    expect(bad.status).toBe(409);
    expect(bad.text).toContain('--start: expected');
    const started = await server.send('/clusters/west/start', { ...fields, step: 'start' }, 'ana');
    expect(started.text).toContain('started');
    const run = rig.client.workflow.getHandle('backfillscorecards-west-2025-02');
    expect(await run.describe()).toMatchObject({ status: { name: 'RUNNING' }, memo: { startedBy: 'ana' } });
    await run.terminate();
  });
});

describe('pages over two servers', () => {
  it('say which one was killed, keep showing the other, and heal when it is back', async () => {
    const run = await rig.startBackfill({ customers: ['slow-a'], ...days });
    const other = await startTemporalServer();
    const cluster = {
      name: 'west',
      namespace: other.namespace,
      taskQueue: 'backfill-scorecards',
      connection: { address: other.address },
      defaults: {},
    };
    const server = await TestServer.start(
      rig,
      { east: run.workflowId },
      { others: [watchedCluster(cluster, {}, { environment: {} })] },
    );
    try {
      await pageWith(server, '/', 'no run; start one with backfill start west');
      await other.kill();
      await pageWith(server, '/', /west.*no answer since/s);
      expect(await pageWith(server, '/', run.workflowId)).toMatch(/no answer since .*backfill doctor west/s);
      await other.restart();
      await pageWith(server, '/', 'no run; start one with backfill start west');
    } finally {
      await server.close();
      await other.stop();
    }
  });
});

/** The heat map of a page: a text of letters for each customer. */
function lettersIn(page: string): Record<string, string> {
  const rows = [...page.matchAll(/<tr><th scope="row"><a [^>]*>([^<]*)<\/a><\/th>(.*?)<td class="number">/g)];
  return Object.fromEntries(
    rows.map(([, id, cells]) => [id, [...cells!.matchAll(/>(.)<\/a><\/td>/g)].map(([, letter]) => letter).join('')]),
  );
}
