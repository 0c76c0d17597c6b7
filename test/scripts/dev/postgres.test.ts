import { existsSync } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startPostgres } from '../../../scripts/dev/postgres.js';
import { stopAll, temporaryDirectory } from '../../../scripts/dev/processes.js';
import { isRunning } from './support.js';

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** A directory that PostgreSQL's account may enter, if it runs under one of its own. */
async function dataDirectory(): Promise<string> {
  const parent = await temporaryDirectory('test');
  await chmod(parent, 0o755);
  return join(parent, 'data');
}

beforeAll(() => {
  vi.stubEnv('DATABASE_URL', undefined);
  return () => vi.unstubAllEnvs();
});
afterEach(() => stopAll());

describe('startPostgres', () => {
  it('keeps committed rows over a restart and over a crash, and leaves no process and no data', async () => {
    const postgres = await startPostgres();
    const pids = [postgres.pid!];
    const [{ directory }] = (await query(postgres.url, `SELECT current_setting('data_directory') AS directory`)) as [
      { directory: string },
    ];
    await query(postgres.url, 'CREATE TABLE kept AS SELECT 1 AS a');

    await postgres.restart();
    pids.push(postgres.pid!);
    expect(await query(postgres.url, 'SELECT a FROM kept')).toEqual([{ a: 1 }]);

    const cutOff = new pg.Client(postgres.url);
    const lost = new Promise((resolve) => cutOff.on('error', resolve));
    await cutOff.connect();
    await query(postgres.url, 'INSERT INTO kept VALUES (2)');
    await postgres.kill();
    await lost;
    expect(postgres.pid).toBeUndefined();
    await postgres.restart();
    pids.push(postgres.pid!);
    expect(await query(postgres.url, 'SELECT a FROM kept ORDER BY a')).toEqual([{ a: 1 }, { a: 2 }]);

    await postgres.stop();
    expect(new Set(pids).size).toBe(3);
    expect(pids.filter(isRunning)).toEqual([]);
    expect(existsSync(directory)).toBe(false);
    await expect(postgres.restart()).rejects.toThrow('temporary');
  });

  it('starts again on data that a killed run left, regardless of what has its process id now', async () => {
    const options = { dataDirectory: await dataDirectory() };
    const first = await startPostgres(options);
    await query(first.url, 'CREATE TABLE kept AS SELECT 1 AS a');
    await first.kill();
    const lockFile = join(options.dataDirectory, 'cluster', 'postmaster.pid');
    const stale = (await readFile(lockFile, 'utf8')).split('\n');
    await writeFile(lockFile, [process.pid, ...stale.slice(1)].join('\n'));

    const second = await startPostgres(options);
    expect(await query(second.url, 'SELECT a FROM kept')).toEqual([{ a: 1 }]);
    expect(new URL(second.url).password).toBe(new URL(first.url).password);
    await second.stop();
    expect(existsSync(lockFile)).toBe(false);
    expect(existsSync(options.dataDirectory)).toBe(true);
  });

  it('listens on 127.0.0.1 only and wants its password', async () => {
    const { url } = await startPostgres();
    expect(await query(url, `SELECT current_setting('listen_addresses') AS on`)).toEqual([{ on: '127.0.0.1' }]);
    const guess = new URL(url);
    guess.password = 'password';
    await expect(query(guess.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
  });

  it('fails with the end of the log when the server cannot start', async () => {
    await expect(startPostgres({ settings: { max_connections: 'many' } })).rejects.toThrow(
      /ended while it started.*max_connections/s,
    );
  });

  it('uses the server that DATABASE_URL names and leaves it running', async () => {
    const own = await startPostgres();
    vi.stubEnv('DATABASE_URL', own.url);
    const reused = await startPostgres({ reuse: true });
    await reused.stop();
    expect(await query(reused.url, 'SELECT 1 AS a')).toEqual([{ a: 1 }]);
    await expect(reused.kill()).rejects.toThrow('not started here');
    await own.stop();
    await expect(startPostgres({ reuse: true })).rejects.toThrow('DATABASE_URL is set, but no PostgreSQL answers');
  });
});
