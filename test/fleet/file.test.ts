import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { stopAll, temporaryDirectory } from '../../scripts/dev/processes.js';
import { parseRequest } from '../../src/backfill/request/request.js';
import { request } from '../../src/backfill/request/schema.js';
import { readFleet } from '../../src/fleet/file.js';
import { loadFleet } from '../../src/fleet/index.js';

const project = new URL('../../', import.meta.url);
const nowhere = { HOME: '/nonexistent' };

import { fleetJsonSchema } from '../../src/fleet/schema.js';

const read = (text: string, environment: NodeJS.ProcessEnv = nowhere) =>
  readFleet(text, '/fleets/fleet.yaml', environment);

afterAll(() => stopAll());

describe('a good fleet file', () => {
  it('needs no more than an address', () => {
    expect(read('clusters: {a: {address: "x:1"}}')).toEqual({
      path: '/fleets/fleet.yaml',
      clusters: [
        {
          name: 'a',
          namespace: 'ingestion',
          taskQueue: 'backfill-scorecards',
          connection: { address: 'x:1' },
          defaults: {},
        },
      ],
    });
  });

  it('has what all clusters share at the top; a cluster changes it field by field, or takes it back', () => {
    const { clusters } = read(`
defaults:
  window: 1d
  parallelism: { max: 8, adaptive: true }
  child: { taskQueue: q, input: { customer: "\${customerId}" }, partialInput: true }
  probe: { maxLoad: { activeSessions: 20 } }
clusters:
  a: { address: "x:1" }
  b:
    address: x:1
    defaults: { window: 6h, parallelism: { max: 2 }, child: { input: { id: "\${customerId}" } }, probe: ~ }
`);
    expect(clusters[0]!.defaults).toMatchObject({ window: '1d', probe: { maxLoad: { activeSessions: 20 } } });
    expect(clusters[1]!.defaults).toEqual({
      window: '6h',
      parallelism: { max: 2, adaptive: true },
      child: { taskQueue: 'q', input: { id: `\${customerId}` }, partialInput: true },
    });
  });

  it('names files relative to itself, and secrets by where they are', () => {
    const [a, b] = read(`
clusters:
  a:
    address: "[::1]:7233"
    apiKey: &key { file: secrets/key }
    tls: { serverName: x, clientCert: { file: /certs/x.pem }, clientKey: { env: X_KEY } }
    directory: { file: customers.json }
  b:
    address: x:1
    apiKey: *key
    tls: false
    directory: { sql: SELECT 1, url: { env: CUSTOMERS_URL } }
`).clusters;
    expect(a).toMatchObject({
      connection: {
        apiKey: { file: '/fleets/secrets/key' },
        tls: { serverName: 'x', clientCert: { file: '/certs/x.pem' }, clientKey: { env: 'X_KEY' } },
      },
      directory: { kind: 'file', path: '/fleets/customers.json' },
    });
    expect(b).toMatchObject({
      connection: { apiKey: { file: '/fleets/secrets/key' }, tls: false },
      directory: { kind: 'sql', url: { env: 'CUSTOMERS_URL' }, query: 'SELECT 1' },
    });
  });

  it('may name a profile of temporal.toml, which has to have an address if the cluster has none', async () => {
    const toml = join(await temporaryDirectory('toml'), 'temporal.toml');
    await writeFile(
      toml,
      '[profile.full]\naddress = "x:1"\nnamespace = "theirs"\n[profile.key]\napi_key = "hunter2"\n',
    );
    const environment = { TEMPORAL_CONFIG_FILE: toml, TEMPORAL_NAMESPACE: 'not this one' };
    const { clusters } = read('clusters: {a: {profile: full}, b: {profile: key, address: "x:1"}}', environment);
    expect(clusters.map(({ namespace }) => namespace)).toEqual(['theirs', 'ingestion']);
    expect(() => read('clusters: {a: {profile: key}}', environment)).toThrow(
      'fleet.yaml:1:25: clusters.a.profile: expected a profile with an address, got one without',
    );
  });
});

describe('the example', () => {
  it('has the eight clusters, each through its port-forward, with defaults that a run accepts', async () => {
    const { clusters } = await loadFleet(new URL('examples/fleet.yaml', project).pathname, nowhere);
    const names = [
      'us-east-1-prod',
      'us-west-2-prod',
      'voice-prod',
      'chat-prod',
      'eu-west-2-prod',
      'schwab-prod',
      'ap-southeast-2-prod',
      'ca-central-1-prod',
    ];
    expect(clusters.map(({ name }) => name)).toEqual(names);
    for (const { name, namespace, connection, defaults } of clusters) {
      expect(namespace).toBe('ingestion');
      expect(connection).toEqual({
        portForward: {
          context: `${name}_dev`,
          namespace: 'temporal',
          service: 'temporal-frontend-headless',
          port: 7233,
        },
      });
      const run = parseRequest({ start: '2026-01-01', end: '2026-02-01', customers: 'all', ...defaults });
      expect(run.ok).toBe(true);
    }
  });

  it('names its schema for editors', async () => {
    const [first] = (await readFile(new URL('examples/fleet.yaml', project), 'utf8')).split('\n');
    expect(first).toBe('# yaml-language-server: $schema=../fleet.schema.json');
  });
});

it('a fleet file accepts as a default every field of a run but those that say which run it is', () => {
  const properties = fleetJsonSchema().properties?.defaults?.properties ?? {};
  const ofOneRun = ['customers', 'start', 'end', 'lastDays', 'cluster', 'dryRun', 'maxHistoryEvents'];
  const fields = Object.keys(request.shape).filter((field) => !ofOneRun.includes(field));
  expect(new Set(Object.keys(properties))).toEqual(new Set(fields));
});

it('a fleet file accepts as defaults only what a run accepts', () => {
  const { properties } = fleetJsonSchema().properties!.defaults!;
  const input = Object.fromEntries(Object.keys(properties!).map((name) => [name, null]));
  const parsed = parseRequest({ start: '2026-01-01', end: '2026-02-01', customers: 'all', ...input });
  const unknown = parsed.ok ? [] : parsed.issues.filter(({ expected }) => expected === 'no such field');
  expect(unknown).toEqual([]);
});

it('the schema for editors is up to date', async () => {
  const script = new URL('scripts/fleet-schema.ts', project).pathname;
  await promisify(execFile)(process.execPath, ['--import', 'tsx', script, '--check']);
});
