import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listenForAnyone, typed } from './command-line.js';

let folder: string;
let fleet: string;
let server: Awaited<ReturnType<typeof listenForAnyone>>;

beforeAll(async () => {
  server = await listenForAnyone();
  folder = await mkdtemp(join(tmpdir(), 'backfill-report-'));
  fleet = join(folder, 'fleet.yaml');
  const { address } = server;
  await writeFile(fleet, JSON.stringify({ clusters: { west: { address }, chat: { address } } }));
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

describe('a mistake in report or watch', () => {
  it.each([
    ['report --format pdf', /'pdf' is invalid. Allowed choices are md, html, json, csv/],
    ['report --out x.pdf', /--out x\.pdf: its extension is not a known format; use --format md\|html\|json\|csv/],
    ['report --out report', /--out report: its extension is not a known format/],
    ['report --rows days', /--rows is for --format csv; got md/],
    ['report --format csv --rows months', /'months' is invalid. Allowed choices are days, windows, proof/],
    ['report --run backfillscorecards-x', /--run is for one run: also name its cluster/],
    ['report wset', /no cluster "wset"; did you mean west\?/],
    ['watch', /watch needs a terminal; backfill status shows the same once/],
  ])('%s: exit code 2, one line, nothing sent', async (line, said) => {
    const answer = await typed(['--fleet', fleet, ...line.split(' ')]);
    expect(answer).toMatchObject({ code: 2, stdout: '' });
    expect(answer.stderr).toMatch(said);
    expect(answer.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(server.visits()).toBe(0);
  });
});
