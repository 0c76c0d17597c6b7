/** The job API of the built `backfill serve`: two clusters on the shared server, a third that nobody reaches. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Client, Code, ConnectError } from '@connectrpc/connect';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { jobsClient, jobsV1 } from '../../src/index.js';
import { type ManagedProcess, spawnManaged } from '../../src/processes/managed-process.js';
import { BackfillCommand } from '../support/backfill.js';
import { buildGoClient, hasGo } from '../support/go-client.js';
import { useRig } from '../support/harness.js';
import { BackfillHandle, until } from '../support/run.js';
import { MANY_CALLS_MS, namesOfThisFile } from './clusters.js';

const { Job_State } = jobsV1;
const { taskQueue, childQueue, prefix, clusterOf } = namesOfThisFile();
const [west, chat, away] = ['west', 'chat', 'away'].map(clusterOf) as [string, string, string];
const rig = useRig({ taskQueue, childQueue });
const token = `token-${randomUUID()}`;
const bin = fileURLToPath(new URL('../../dist/cli/backfill.js', import.meta.url));

describe('The job API of backfill serve', { timeout: MANY_CALLS_MS }, () => {
  let command: BackfillCommand;
  let server: ManagedProcess;
  let address: string;
  let jobs: Client<typeof jobsV1.JobService>;

  beforeAll(async () => {
    const cluster = (workflowIdPrefix: string) => ({
      address: inject('address'),
      taskQueue,
      defaults: { child: { taskQueue: childQueue, workflowIdPrefix } },
    });
    const clusters = { [west]: cluster(`${prefix}-west`), [chat]: cluster(prefix), [away]: { address: '127.0.0.1:1' } };
    command = await BackfillCommand.create({ fleet: { clusters } });
    await writeFile(join(command.folder, 'token'), token);
    let printed = '';
    const words = ['serve', '--port', '0', '--token-file', 'token', '--job-package', 'acme.jobs.v2'];
    server = await spawnManaged('serve', process.execPath, [bin, ...words], {
      cwd: command.folder,
      env: { PATH: process.env.PATH, HOME: command.folder },
      onLine: (line) => {
        printed += `${line}\n`;
      },
    });
    const found = await until(
      async () => /http:\/\/(127\.0\.0\.1:\d+)\//.exec(printed)?.[1],
      (text) => text !== undefined,
    );
    address = found!;
    jobs = jobsClient({ baseUrl: `http://${address}`, token });
  });
  afterAll(async () => {
    await server?.stop();
    await command?.remove();
  });

  const codeOf = async (call: Promise<unknown>) =>
    call.then(
      () => undefined,
      (error: unknown) => ConnectError.from(error).code,
    );
  const nameOf = (cluster: string, range: string) => `clusters/${cluster}/jobs/backfillscorecards-${cluster}-${range}`;
  const curl = (path: string, body: object, headers: Record<string, string> = {}) =>
    fetch(`http://${address}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
      body: JSON.stringify(body),
    });

  it('starts a job once, however often the request arrives', async () => {
    const input = { start: '2026-01-01', end: '2026-01-04', customers: ['quick', 'slow-b'], parallelism: 2 };
    const request = { parent: `clusters/${chat}`, input, requestId: randomUUID() };
    const name = nameOf(chat, '2026-01-01--2026-01-04');
    const started = await Promise.all([jobs.runJob(request), jobs.runJob(request), jobs.runJob(request)]);
    expect(started.map((job) => job.name)).toEqual([name, name, name]);
    // A client may send the fields of the input in any order.
    const shuffled = Object.fromEntries(Object.entries(input).reverse()) as typeof input;
    expect((await jobs.runJob({ ...request, input: shuffled })).startTime).toEqual(started[0]!.startTime);
    expect(await codeOf(jobs.runJob({ ...request, requestId: randomUUID() }))).toBe(Code.AlreadyExists);
    const other = { ...input, customers: ['quick'] };
    expect(await codeOf(jobs.runJob({ ...request, input: other }))).toBe(Code.InvalidArgument);
  });

  it('refuses an input by the names of its fields, and starts nothing', async () => {
    const input = { start: '2026-01-01', end: '2025-01-01', customers: ['quick'], paralellism: 3 };
    const answer = await curl('backfill.jobs.v1.JobService/RunJob', { parent: `clusters/${west}`, input });
    expect(answer.status).toBe(400);
    const { code, details } = (await answer.json()) as { code: string; details: { type: string; debug: object }[] };
    expect(code).toBe('invalid_argument');
    const fields = JSON.stringify(details.find(({ type }) => type === 'google.rpc.BadRequest')?.debug);
    expect(fields).toContain('input.end');
    expect(fields).toContain('paralellism');
  });

  it('lists jobs of all clusters, and names the one that does not answer', async () => {
    const list = await until(
      () => jobs.listJobs({ filter: 'state = RUNNING AND range : "2026-01-02"' }),
      (page) => page.jobs.length > 0,
    );
    expect(list.jobs.map(({ name }) => name)).toEqual([nameOf(chat, '2026-01-01--2026-01-04')]);
    expect(list.unreachable).toEqual([`clusters/${away}`]);
    expect(await codeOf(jobs.getJob({ name: nameOf(away, '2026-01') }))).toBe(Code.Unavailable);
  });

  it('pauses, resumes and resets days in the name of who serves, and says what a run refuses', async () => {
    const name = nameOf(chat, '2026-01-01--2026-01-04');
    const run = new BackfillHandle(rig.client, name.split('/').at(-1)!, prefix);
    await run.until(({ customers }) => customers.some(({ days }) => days === 'ddd'));
    const requestId = randomUUID();
    const paused = await jobs.pauseJob({ name, reason: 'maintenance', requestId });
    expect([Job_State.PAUSING, Job_State.PAUSED]).toContain(paused.state);
    expect(paused.stateReason).toContain('maintenance');
    await jobs.pauseJob({ name, reason: 'maintenance', requestId });
    expect((await run.log()).filter(({ what }) => what.startsWith('pause'))).toHaveLength(1);
    expect(await codeOf(jobs.resetDay({ name, customer: 'nobody', day: '2026-01-02' }))).toBe(Code.FailedPrecondition);
    const reset = await jobs.resetDay({ name, customer: 'quick', day: '2026-01-02' });
    expect(reset.progress?.days).toMatchObject({ total: 6, done: 2 });
    expect((await jobs.resumeJob({ name })).state).toBe(Job_State.RUNNING);
    await run.until(({ customers }) => customers.some(({ days }) => days === 'ddd'));
  });

  it("answers a customer's days while the job runs and after it has ended; a stream ends with the job", async () => {
    const name = nameOf(chat, '2026-01-01--2026-01-04');
    const before = await jobs.getJob({ name, customer: 'slow-b' });
    expect(before.customer).toMatchObject({ done: false, days: { total: 3, done: 0 } });
    const states: unknown[] = [];
    const watched = (async () => {
      for await (const { job } of jobs.watchJob({ name })) states.push(job!.state);
    })();
    await expect.poll(() => states.length, { timeout: 60_000 }).toBeGreaterThan(0);
    await jobs.cancelJob({ name });
    const finish = async () => {
      for (const day of ['2026-01-01', '2026-01-02', '2026-01-03']) {
        const child = rig.client.workflow.getHandle(`${prefix}-slow-b-${day}`);
        await child.signal('finish').catch(() => {});
      }
      return jobs.getJob({ name });
    };
    await until(finish, ({ state }) => state === Job_State.CANCELLED);
    await watched;
    expect(states.at(-1)).toBe(Job_State.CANCELLED);
    const after = await jobs.getJob({ name, customer: 'quick' });
    expect(after.customer).toMatchObject({ done: true, days: { total: 3, done: 3 }, rows: { length: 3 } });
    expect(after.customer?.rows[0]?.window).toBe(`${prefix}-quick-2026-01-01`);
    const done = await jobs.listJobs({ filter: 'customer = "quick" AND range : "2026-01-03"' });
    expect(done.jobs.map(({ customer }) => customer?.done)).toEqual([true]);
    expect(await codeOf(jobs.pauseJob({ name }))).toBe(Code.FailedPrecondition);
  });

  it('needs the token, and a page of another site cannot use the cookie of this one', async () => {
    const path = 'backfill.jobs.v1.JobService/ListJobs';
    expect(await codeOf(jobsClient({ baseUrl: `http://${address}`, token: 'x' }).listJobs({}))).toBe(
      Code.Unauthenticated,
    );
    expect((await curl(path, {}, { authorization: '' })).status).toBe(401);
    expect((await curl(path, {}, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await curl(path, {})).status).toBe(200);
    expect((await curl('acme.jobs.v2.JobService/ListJobs', {})).status).toBe(200);
    expect(await (await curl('grpc.health.v1.Health/Check', {})).json()).toEqual({ status: 'SERVING' });
  });

  it('answers buf curl, as the documentation says, by the protos alone', async () => {
    const project = fileURLToPath(new URL('../..', import.meta.url));
    const { stdout } = await promisify(execFile)(
      join(project, 'node_modules/.bin/buf'),
      [
        ...['curl', '--protocol', 'grpc', '--http2-prior-knowledge', '--schema', 'proto'],
        ...['-H', `Authorization: Bearer ${token}`, '-d', '{"filter": "state = CANCELLED"}'],
        `http://${address}/backfill.jobs.v1.JobService/ListJobs`,
      ],
      { cwd: project },
    );
    expect(JSON.parse(stdout)).toMatchObject({ jobs: [{ state: 'CANCELLED' }] });
  });

  it.skipIf(!hasGo())('answers a client in Go with generated stubs', async () => {
    const go = await buildGoClient();
    const name = nameOf(chat, '2026-01-01--2026-01-04');
    const list = await go(address, token, 'list', 'state = CANCELLED');
    expect(list.stdout).toBe(`${name} CANCELLED\n`);
    expect(list.stderr).toContain(`clusters/${away} does not answer`);
    const done = await go(address, token, 'done', 'quick', '2026-01-02');
    expect(done.stdout).toMatch(new RegExp(`^${name}: 3 of 3 days done since \\S+Z\n`));
    expect(done.stdout).toContain('quick 2026-01-02: 1 of 1 days done, 0 verified\n');
    expect(done.stderr).toContain(`clusters/${away} does not answer: its jobs are missing here`);
    const month = await go(address, token, 'done', 'quick', '2026-01');
    expect(month.stdout).toMatch(
      /quick 2026-01: 3 of 31 days done, 0 verified\nnot done: 2026-01-04 2026-01-05 .*-31\n$/,
    );
    expect((await go(address, token, 'watch', name)).stdout).toMatch(/^CANCELLED 3\/6/);
    const wrong = await go(address, token, 'list', 'status = RUNNING');
    expect(wrong.stderr).toContain('reason: INVALID_ARGUMENT\nfilter: expected one of the fields');
    expect((await go(address, 'x', 'list', '')).stderr).toContain('Unauthenticated');
  });
});
