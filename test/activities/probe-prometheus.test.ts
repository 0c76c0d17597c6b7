import { writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger, type LogEntry } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Postgres, startPostgres } from '../../scripts/dev/postgres.js';
import { isInstalled, stopAll, temporaryDirectory } from '../../scripts/dev/processes.js';
import type { ProbeAnswer, ProbeQuery } from '../../src/activities/contract.js';
import { Prometheus } from '../../src/activities/probe/prometheus.js';
import { probeDatabase } from '../../src/activities/probe.js';
import { freePort } from '../../src/fleet/free-port.js';
import { spawnManaged } from '../../src/processes/managed-process.js';
import {
  type Answer,
  other,
  type PrometheusStandIn,
  scalar,
  startPrometheusStandIn,
  vector,
} from '../support/prometheus.js';

const hasPrometheus = await isInstalled('prometheus');
if (!hasPrometheus)
  console.warn('SKIPPED: metrics by PromQL from a real Prometheus (Debian: apt-get install prometheus)');

let answers: Record<string, Answer> = {};
let standIn: PrometheusStandIn;
let postgres: Postgres;
let queries: string;
const logged: LogEntry[] = [];

beforeAll(async () => {
  standIn = await startPrometheusStandIn((query) => answers[query] ?? { status: 500, body: 'unexpected' });
  postgres = await startPostgres();
  queries = join(await temporaryDirectory('promql'), 'queries.json');
});
afterEach(() => {
  answers = {};
  standIn.asked.splice(0);
  logged.splice(0);
});
afterAll(async () => {
  standIn.close();
  await stopAll();
});

const worker = () =>
  new MockActivityEnvironment({}, { logger: new DefaultLogger('WARN', (entry) => logged.push(entry)) });

/** The environment of a worker with these metrics by PromQL, and no database. */
async function environmentOf(promql: Record<string, string>, more: NodeJS.ProcessEnv = {}): Promise<NodeJS.ProcessEnv> {
  const own = Object.entries(promql).map(([name, query]) => [name, { promql: query }]);
  await writeFile(queries, JSON.stringify({ ...Object.fromEntries(own), jobs: 'SELECT 7' }));
  return { BACKFILL_PROBE_PROMETHEUS_URL: standIn.url, BACKFILL_PROBE_QUERIES_FILE: queries, ...more };
}

async function probe(query: Partial<ProbeQuery>, environment: NodeJS.ProcessEnv): Promise<ProbeAnswer> {
  const asked: ProbeQuery = { maxLoad: {}, criticalLoad: {}, every: 20, last: 'unknown', ...query };
  return (await worker().run(probeDatabase, asked, environment)) as ProbeAnswer;
}

/** What the probe answers of one metric, `sli`, with this answer of Prometheus. */
async function sli(answer: Answer, more: NodeJS.ProcessEnv = {}): Promise<ProbeAnswer> {
  answers.q = answer;
  return await probe({ maxLoad: { sli: 0.5 } }, await environmentOf({ sli: 'q' }, more));
}

describe('a metric by PromQL', () => {
  it('is the scalar or the one sample that its query gives, and needs no database', async () => {
    const high = { level: 'high', reason: 'sli is 0.75, at or over maxLoad 0.5', lag: 60_000 };
    expect(await sli(scalar('0.75'))).toEqual(high);
    expect(await sli(vector('7.5e-1'))).toEqual(high);
    expect(await sli(vector('0'))).toEqual({ level: 'ok', reason: 'sli 0 of 0.5' });
    answers.q = vector('0.2');
    const thresholds = { maxLoad: { sli: 0.8 }, criticalLoad: { sli: 0.9 } };
    expect(await probe({ ...thresholds, utilization: null }, await environmentOf({ sli: 'q' }))).toMatchObject({
      level: 'ok',
      utilization: 0.25,
    });
    expect(standIn.asked[0]).toMatchObject({ path: '/api/v1/query', query: 'q', timeout: '5s' });
  });

  it('has no value, and says why, where Prometheus gives anything else', async () => {
    const sample = [1, '1'];
    for (const [reason, answer] of [
      ['its PromQL returned no sample', vector()],
      ['its PromQL returned 2 samples, not one: use max(…) or sum(…)', vector('1', '2')],
      ['its PromQL returned NaN', vector('NaN')],
      ['its PromQL returned no number', vector('+Inf')],
      ['its PromQL returned no number', scalar('')],
      ['its PromQL returned no number', scalar('7 apples')],
      ['its PromQL returned neither a scalar nor one sample', scalar(7)],
      ['its PromQL returned neither a scalar nor one sample', scalar(null)],
      ['its PromQL returned neither a scalar nor one sample', other('string', [1, 'seven'].slice(0, 1))],
      ['its PromQL returned neither a scalar nor one sample', other('matrix', [{ metric: {}, values: [sample] }])],
      ['its PromQL returned neither a scalar nor one sample', other('vector', [{ metric: {}, histogram: [1, {}] }])],
      ['its PromQL returned far more than one sample', vector(...Array<string>(5_000).fill('1'))],
    ] as const) {
      expect(await sli(answer), JSON.stringify(answer).slice(0, 80)).toEqual({
        level: 'unknown',
        reason: `sli: ${reason}`,
      });
    }
  });

  it('says what is wrong with a query, but not in the words of Prometheus, which only the log has', async () => {
    const refuses = (errorType: string, error: string, status: number): Answer => ({
      status,
      body: { status: 'error', errorType, error },
    });
    const { reason } = await sli(refuses('bad_data', `parse error near "hunter2" at ${standIn.url}`, 400), {
      BACKFILL_PROBE_PROMETHEUS_TOKEN: 'hunter2',
    });
    expect(reason).toBe("sli: Prometheus refuses its PromQL (400); the worker's log has its message");
    expect(logged.map(({ message, meta }) => [message, meta])).toEqual([
      [
        "the probe's Prometheus refuses a query",
        expect.objectContaining({ status: 400, message: 'parse error near "…" at …' }),
      ],
    ]);
    expect((await sli(refuses('execution', 'too many', 422))).reason).toMatch(
      /^sli: Prometheus refuses its PromQL \(422\)/,
    );
    expect((await sli(refuses('timeout', 'slow', 503))).reason).toBe('sli: its PromQL took longer than 5 s');
  });

  it('is unknown where nothing, or something else, is at the address', async () => {
    for (const [reason, answer] of [
      ['there is no Prometheus API at its address (404)', { status: 404, body: 'none' }],
      ['it refuses the credentials, or needs some (401)', { status: 401, body: 'secret words' }],
      ['it refuses the credentials, or needs some (403)', { status: 403, body: '{}' }],
      ['it answers with an error (502)', { status: 502, body: '<html>' }],
      ['its answer is not that of a Prometheus', { body: '<html>' }],
      ['its answer is not that of a Prometheus', { body: { data: { resultType: 'vector', result: 'x' } } }],
      ['its answer is not that of a Prometheus', { body: 'null' }],
      ['the connection broke', (to) => to.socket!.resetAndDestroy()],
    ] as [string, Answer][]) {
      expect(await sli(answer)).toEqual({ level: 'unknown', reason: `Prometheus: ${reason}` });
    }
    const elsewhere = (url: string) => sli(vector('1'), { BACKFILL_PROBE_PROMETHEUS_URL: url });
    expect((await elsewhere(`http://127.0.0.1:${await freePort()}`)).reason).toBe('Prometheus: it refuses connections');
    for (const url of ['file:///etc/passwd', 'prometheus:9090', 'no address', 'http://[::1'])
      expect((await elsewhere(url)).reason).toBe('Prometheus: its address is not an http:// or https:// one');
    expect(
      (await probe({ maxLoad: { sli: 1 }, cluster: 'a-b' }, { BACKFILL_PROBE_QUERIES_FILE: queries })).reason,
    ).toBe("the worker's environment has no BACKFILL_PROBE_PROMETHEUS_URL_A_B or BACKFILL_PROBE_PROMETHEUS_URL");
  });

  it('is not waited for long, whether Prometheus says nothing or never ends; nor read without end', async () => {
    const drip = (to: ServerResponse) => {
      const dripping = setInterval(() => to.write(' '), 50);
      to.on('close', () => clearInterval(dripping));
    };
    let sent = 0;
    const endless = (to: ServerResponse) => {
      const more = () => {
        while (!to.destroyed && to.write(Buffer.alloc(16_384, ' '))) sent += 16_384;
      };
      to.on('drain', more);
      more();
    };
    answers = { silent: () => {}, drip, endless };
    const prometheus = new Prometheus({ url: standIn.url, token: undefined, seconds: 0.1 });
    await expect(prometheus.value('silent')).rejects.toThrow('Prometheus: no answer within 0.1 s');
    await expect(prometheus.value('drip')).rejects.toThrow('Prometheus: no answer within 0.1 s');
    await expect(prometheus.value('endless')).rejects.toThrow('its PromQL returned far more than one sample');
    expect(sent).toBeLessThan(64 * 1_048_576);
    // As the activity waits for it, whatever the garbage collector does meanwhile.
    expect((await sli(() => {})).reason).toBe('Prometheus: no answer within 5 s');
  }, 60_000);

  it('follows no redirect: it could lead anywhere, with the credentials', async () => {
    const trap = await startPrometheusStandIn(() => vector('1'));
    const token = { BACKFILL_PROBE_PROMETHEUS_TOKEN: 'hunter2' };
    for (const status of [301, 302, 307, 308]) {
      const { reason } = await sli({ status, body: '', headers: { location: `${trap.url}/api/v1/query` } }, token);
      expect(reason).toBe(`Prometheus: it redirects (${status}); set the address that it redirects to`);
    }
    trap.close();
    expect(trap.asked).toEqual([]);
  });

  it('authenticates with a user and a password or a token from the environment, of the cluster if it has one', async () => {
    const { port } = new URL(standIn.url);
    const basic = `http://kim:hunter%3A2@127.0.0.1:${port}/prometheus/`;
    await sli(vector('1'), { BACKFILL_PROBE_PROMETHEUS_URL: basic });
    expect(standIn.asked.at(-1)).toMatchObject({
      path: '/prometheus/api/v1/query',
      headers: { authorization: `Basic ${btoa('kim:hunter:2')}` },
    });
    const token = { BACKFILL_PROBE_PROMETHEUS_TOKEN: 'ey.hunter2\n' };
    await sli(vector('1'), { BACKFILL_PROBE_PROMETHEUS_URL: basic, ...token });
    expect(standIn.asked.at(-1)?.headers.authorization).toBe('Bearer ey.hunter2');
    const environment = await environmentOf(
      { sli: 'q' },
      { BACKFILL_PROBE_PROMETHEUS_URL: 'http://127.0.0.1:1', BACKFILL_PROBE_PROMETHEUS_URL_A_B: standIn.url },
    );
    expect(await probe({ maxLoad: { sli: 9 }, cluster: 'a-b' }, environment)).toMatchObject({ level: 'ok' });
    expect(standIn.asked.at(-1)?.headers.authorization).toBeUndefined();
  });

  it('shows no part of the address, the credentials or the answers', async () => {
    const { port } = new URL(standIn.url);
    const token = { BACKFILL_PROBE_PROMETHEUS_TOKEN: 'hunter2' };
    const words = 'hunter2 kim 127.0.0.1';
    const shown: unknown[] = [];
    for (const url of [
      `http://kim:hunter2@127.0.0.1:${port}`,
      `http://kim:hunter2@127.0.0.1:${await freePort()}`,
      'http://kim:hunter2@secret-host.invalid:9090',
      'ftp://kim:hunter2@secret-host',
      'http://kim:hunter2@[secret-host',
      `http://kim:hunter2%ff@127.0.0.1:${port}`,
    ]) {
      for (const body of [words, { status: 'error', errorType: words, error: words }, other(words, [words])])
        for (const status of [200, 400, 401, 503])
          shown.push(await sli({ status, body }, { BACKFILL_PROBE_PROMETHEUS_URL: url, ...token }));
    }
    shown.push(await sli(vector('1'), { BACKFILL_PROBE_PROMETHEUS_TOKEN: 'hunter2\r\nx: y' }));
    expect(shown.every((answer) => (answer as ProbeAnswer).level === 'unknown')).toBe(true);
    expect(inspect([shown, logged], { depth: 9 })).not.toMatch(/hunter2|kim|secret-host|127\.0\.0\.1/);
  }, 60_000);

  it('leaves what else is measured as it is while Prometheus is away, and is asked once a look', async () => {
    const promql = { sli: 'q', two: 'r', three: 's' };
    const away = { status: 503, body: '' };
    answers = { q: away, r: away, s: away };
    const database = { BACKFILL_PROBE_URL: postgres.url };
    const maxLoad = { sli: 1, two: 1, three: 1, jobs: 9 };
    const environment = await environmentOf(promql, database);
    expect(await probe({ maxLoad }, environment)).toEqual({
      level: 'unknown',
      reason: 'Prometheus: it answers with an error (503)',
    });
    // One for each of the three looks that make a level unknown.
    expect(standIn.asked.map(({ query }) => query)).toEqual(['q', 'q', 'q']);
    expect(await probe({ maxLoad, criticalLoad: { jobs: 7 } }, environment)).toMatchObject({
      level: 'critical',
      reason: 'jobs is 7, at or over criticalLoad 7',
    });
    answers = { q: vector('3'), r: vector('0'), s: vector('0') };
    const gone = { ...environment, BACKFILL_PROBE_URL: `postgresql://a:b@127.0.0.1:${await freePort()}/c` };
    expect(await probe({ maxLoad }, gone)).toMatchObject({
      level: 'high',
      reason: 'sli is 3, at or over maxLoad 1',
    });
    expect((await probe({ maxLoad: { jobs: 1, two: 1 } }, gone)).reason).toBe('it refuses connections');
  });

  it('is no longer waited for when the activity is cancelled', async () => {
    let closed = false;
    answers.q = (to) => to.on('close', () => (closed = true));
    const environment = worker();
    const query: ProbeQuery = { maxLoad: { sli: 1 }, criticalLoad: {}, every: 20, last: 'ok' };
    const ended = environment.run(probeDatabase, query, await environmentOf({ sli: 'q' }));
    const failure = expect(ended).rejects.toMatchObject({ type: 'Interrupted' });
    await expect.poll(() => standIn.asked.length).toBe(1);
    environment.cancel();
    await failure;
    await expect.poll(() => closed).toBe(true);
  });
});

describe.skipIf(!hasPrometheus)('a real Prometheus', () => {
  let url: string;

  beforeAll(async () => {
    const directory = await temporaryDirectory('prometheus');
    const listen = `127.0.0.1:${await freePort()}`;
    url = `http://${listen}`;
    const config = {
      global: { scrape_interval: '200ms' },
      scrape_configs: [{ job_name: 'itself', static_configs: [{ targets: [listen] }] }],
    };
    const file = join(directory, 'prometheus.yaml');
    await writeFile(file, JSON.stringify(config));
    const args = [`--config.file=${file}`, `--storage.tsdb.path=${join(directory, 'data')}`];
    await spawnManaged('prometheus', 'prometheus', [...args, `--web.listen-address=${listen}`], {
      logFile: join(directory, 'log'),
    });
    const scraped = async () => {
      const response = await fetch(`${url}/api/v1/query?query=up`);
      return JSON.stringify(await response.json()).includes('"1"');
    };
    await vi.waitUntil(() => scraped().catch(() => false), 30_000);
  }, 60_000);

  it('gives values, and says why it gives none', async () => {
    const measure = async (promql: string) => {
      const environment = await environmentOf({ sli: promql }, { BACKFILL_PROBE_PROMETHEUS_URL: url });
      return (await probe({ maxLoad: { sli: 0.5 } }, environment)).reason;
    };
    expect(await measure('up')).toBe('sli is 1, at or over maxLoad 0.5');
    expect(await measure('1 - avg(up{job="itself"})')).toBe('sli 0 of 0.5');
    expect(await measure('scalar(up) * 3')).toBe('sli is 3, at or over maxLoad 0.5');
    expect(await measure('vector(2) > 3')).toBe('sli: its PromQL returned no sample');
    expect(await measure('{__name__=~"go_memstats_.*"}')).toMatch(/returned \d+ samples, not one/);
    expect(await measure('vector(0) / 0')).toBe('sli: its PromQL returned NaN');
    expect(await measure('(vector(0) / 0 >= 0) or vector(0)')).toBe('sli 0 of 0.5');
    expect(await measure('vector(1) / 0')).toBe('sli: its PromQL returned no number');
    expect(await measure('up[1m]')).toBe('sli: its PromQL returned neither a scalar nor one sample');
    expect(await measure('"text"')).toBe('sli: its PromQL returned no number');
    expect(await measure('up{')).toBe("sli: Prometheus refuses its PromQL (400); the worker's log has its message");
    const elsewhere = await environmentOf({ sli: 'up' }, { BACKFILL_PROBE_PROMETHEUS_URL: `${url}/graph` });
    expect((await probe({ maxLoad: { sli: 1 } }, elsewhere)).reason).toBe(
      'Prometheus: there is no Prometheus API at its address (404)',
    );
  });
});
