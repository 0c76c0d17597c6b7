import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { useRig } from '../support/harness.js';

const folder = mkdtempSync(join(tmpdir(), 'backfill-directory-'));
afterAll(() => rmSync(folder, { recursive: true }));

function directoryFile(content: unknown): string {
  const file = join(folder, `${crypto.randomUUID()}.json`);
  writeFileSync(file, JSON.stringify(content));
  return file;
}

const range = { start: '2026-01-01', end: '2026-01-02' };

describe('customers "all" with a directory by cluster', () => {
  const rig = useRig({
    environment: {
      BACKFILL_DIRECTORY_FILE: directoryFile({
        'us-west-2-prod': [
          { id: 'oportun', conversations: 2_600 },
          { id: 'cvs', conversations: 4_200 },
          'test-account',
        ],
        'eu-west-1-prod': ['sky'],
        bad: ['cvs', 'cvs', 'no spaces please'],
      }),
    },
  });

  it('runs all customers of the cluster but the excluded ones, the largest first', async () => {
    const run = await rig.startBackfill({
      customers: 'all',
      exclude: ['test-account', 'nobody'],
      cluster: 'us-west-2-prod',
      ...range,
    });
    expect(await run.report()).toMatchObject({
      cluster: 'us-west-2-prod',
      totals: { days: 2, done: 2 },
      customers: [{ id: 'oportun' }, { id: 'cvs' }],
    });
    expect(await run.started()).toEqual(['cvs-2026-01-01', 'oportun-2026-01-01']);
    expect((await run.log())[0]!.effect).toBe(
      'the directory has 2 customers for this run; excluded, but not in it: nobody',
    );
  });

  it('says which clusters there are when it does not know the one asked for', async () => {
    const run = await rig.startBackfill({ customers: 'all', cluster: 'us-west-3-prod', ...range });
    expect(await causes(run.failure())).toMatch(
      /no cluster "us-west-3-prod"; it has us-west-2-prod, eu-west-1-prod, bad/,
    );
  });

  it('fails as InvalidInput when nobody is left', async () => {
    const run = await rig.startBackfill({ customers: 'all', exclude: ['sky'], cluster: 'eu-west-1-prod', ...range });
    expect(await run.failure()).toMatchObject({ type: 'InvalidInput' });
  });

  it('fails as InvalidInput, naming each, when the directory has ids that cannot be', async () => {
    const run = await rig.startBackfill({ customers: 'all', cluster: 'bad', ...range });
    const failure = await run.failure();
    expect(failure.type).toBe('InvalidInput');
    expect(failure.message).toMatch(/from the directory.*\[1\].*each customer once/);
    expect(failure.message).toMatch(/from the directory.*\[2\].*an id of 1 to 200/);
  });
});

describe('customers "all" without a directory', () => {
  const rig = useRig();

  it('fails, and says what to set', async () => {
    const run = await rig.startBackfill({ customers: 'all', ...range });
    expect(await causes(run.failure())).toMatch(
      /customers "all" needs a customer directory; set BACKFILL_DIRECTORY_FILE/,
    );
    expect(await run.started()).toEqual([]);
  });
});

/** Every message of a failure's cause chain. */
async function causes(failure: Promise<Error>): Promise<string> {
  const messages: string[] = [];
  for (let at: unknown = await failure; at instanceof Error; at = at.cause) messages.push(at.message);
  return messages.join(': ');
}
