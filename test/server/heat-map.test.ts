import { afterEach, describe, expect, it } from 'vitest';
import type { PlacedDays } from '../../src/backfill/views/placed-days.js';
import type { ClusterSession } from '../../src/fleet/index.js';
import { html } from '../../src/presentation/report/html/markup.js';
import { chosenDays } from '../../src/server/dashboard/chosen-days.js';
import { chosenRows, heatMap, type MapQuery } from '../../src/server/dashboard/heat-map.js';
import type { Serving } from '../../src/server/serve-fleet.js';
import { typedCommand } from '../../src/server/typed-command.js';
import type { WatchedCluster } from '../../src/watch/cluster-watch.js';
import { bigCluster, served, TOKEN } from './support.js';

const start = '2026-01-01';
const range = { start, end: '2027-01-01' };
const customer = (id: string, days: string): PlacedDays => ({ id, start, days });
const year = (letter: string) => letter.repeat(365);

const pageOf = (all: readonly PlacedDays[], query: MapQuery = {}) =>
  html`${heatMap({ cluster: 'east', range, all, rows: chosenRows(all, query), query })}`.text;
const namesIn = (page: string) => [...page.matchAll(/<th scope="row"><a[^>]*>([^<]*)</g)].map(([, name]) => name);

const HARMFUL = ['<script', '</td></td>', '"onx', '\u202e', '\u001b'];

describe('the heat map of a page', () => {
  const many = Array.from({ length: 10_000 }, (_, i) => customer(`c-${i}`, year('.')));

  it('has only the rows in sight, wherever in 10,000 customers that is', () => {
    const sizes = ['0', '5000', '9999', '123456', '-1', 'x'].map((row) => pageOf(many, { row }).length);
    expect(Math.max(...sizes)).toBeLessThan(600_000);
    expect(namesIn(pageOf(many, { row: '9999' })).at(-1)).toBe('c-9999');
    expect(namesIn(pageOf(many, { row: 'x' }))[0]).toBe('c-0');
  });

  it('has a cell for each day of a month, and of a year cells that lead to their month', () => {
    const all = [customer('cvs', `f${'d'.repeat(364)}`)];
    expect(pageOf(all)).toContain('Each cell is 6 days');
    expect(pageOf(all)).toMatch(/<td class="day-f"><a href="\?month=2026-01" aria-label="2026-01-01 failed">/);
    expect(pageOf(all, { month: '2026-01' })).toContain('href="/clusters/east/customers/cvs/days/2026-01-31"');
    expect(pageOf(all, { month: '1999-01' })).toContain('Each cell is 6 days');
  });

  it('sorts and filters: worst first, least done, by name, failed, running, a part of the name', () => {
    const all = [
      customer('done', year('d')),
      customer('half', 'd'.repeat(180) + '.'.repeat(185)),
      customer('bad', `f${year('d').slice(1)}`),
      customer('Busy', `r${year('.').slice(1)}`),
    ];
    expect(namesIn(pageOf(all, { sort: 'worst' }))[0]).toBe('bad');
    expect(namesIn(pageOf(all, { sort: 'done' }))[0]).toBe('Busy');
    expect(namesIn(pageOf(all, { sort: 'name' }))).toEqual(['bad', 'Busy', 'done', 'half']);
    expect(namesIn(pageOf(all, { show: 'failed' }))).toEqual(['bad']);
    expect(namesIn(pageOf(all, { show: 'running' }))).toEqual(['Busy']);
    expect(namesIn(pageOf(all, { show: 'open' }))).toEqual(['half', 'bad', 'Busy']);
    expect(namesIn(pageOf(all, { name: 'bUs' }))).toEqual(['Busy']);
  });

  it('shows 10,000 hostile names and queries as text', () => {
    const hostile = Array.from({ length: 10_000 }, (_, i) => {
      const parts = ['<script>', '"onx="', "'", '&lt;', '\u202e', '\u001b[31m', '</td>', '${', '`', '\\'];
      return `${parts[i % 10]}${parts[Math.floor(i / 10) % 10]}${parts[Math.floor(i / 100) % 10]}${i}`;
    });
    const rows = hostile.map((id) => customer(id, '.'));
    for (let row = 0; row < rows.length; row += 40) {
      const text = hostile[row]!;
      const query: MapQuery = { name: '', sort: text, month: text, at: text, row: String(row) };
      const page = pageOf(rows, query);
      expect(HARMFUL.filter((text) => page.includes(text))).toEqual([]);
    }
  });
});

describe('the days of a selection', () => {
  const rows = [customer('cvs', 'f.dsh'), { id: 'late', start: '2026-01-03', days: 'fff' }];
  const days = (command: string, text: unknown) => chosenDays(JSON.stringify(text), command, rows);

  it('are those that the command is for, in the range that each customer has', () => {
    const all = [
      ['cvs', start, 31],
      ['late', start, 3],
      ['stranger', start, 31],
    ];
    expect(days('retryDay', all)).toEqual({
      chosen: 6,
      days: [
        { customer: 'cvs', day: start },
        { customer: 'late', day: '2026-01-03' },
      ],
    });
    expect(days('resetDay', all)!.days).toHaveLength(5);
    expect(days('skipDay', all)!.days).toHaveLength(4);
  });

  it('are none where the form is not one that a page has sent', () => {
    for (const text of ['', '[[1]]', { cvs: start }, [['cvs', 'soon', 1]], [['cvs', start, -1]]]) {
      expect(days('resetDay', text)).toBeUndefined();
    }
    expect(chosenDays('{', 'resetDay', rows)).toBeUndefined();
    expect(days('cancel', [['cvs', start, 1]])).toBeUndefined();
  });
});

describe('the command that does the same in a terminal', () => {
  it('is what would be typed, with texts that a shell must not read in quotes', () => {
    expect(typedCommand('resetDay', 'east', { customer: 'cvs', day: '2026-01-15' })).toBe(
      'backfill reset-day east cvs 2026-01-15',
    );
    expect(typedCommand('pause', undefined, {})).toBe('backfill pause --all');
    expect(typedCommand('pause', 'east', { reason: "it's $(rm -rf /)" })).toBe(
      String.raw`backfill pause east --reason 'it'\''s $(rm -rf /)'`,
    );
    expect(typedCommand('setParallelism', 'east', { max: '4', perCustomer: '', adaptive: 'false' })).toBe(
      'backfill set-parallelism east --max 4 --no-adaptive',
    );
    expect(typedCommand('cancelWindows', 'east', { customer: 'cvs' })).toBe(
      'backfill cancel east --windows --customer cvs',
    );
  });
});

describe('the pages of a fleet', () => {
  let serving: Serving | undefined;
  afterEach(async () => serving?.close());

  async function pagesOf(cluster: WatchedCluster): Promise<(path: string) => Promise<string>> {
    serving = await served([cluster]);
    const { port } = serving;
    return async (path) => {
      const headers = { authorization: `Bearer ${TOKEN}` };
      return (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).text();
    };
  }

  it('cost a cluster the same for many viewers as for one: its run is asked once in an interval, however many look', async () => {
    let questions = 0;
    const lookAt = await pagesOf(bigCluster('big', 1_000, 31, () => questions++));
    const look = () => lookAt('/clusters/big');
    await expect.poll(look, { timeout: 60_000 }).toContain('customer-0000');
    const [before, from] = [questions, performance.now()];
    for (let i = 0; i < 10; i++) await Promise.all(Array.from({ length: 50 }, look));
    const intervals = Math.ceil((performance.now() - from) / 3_000) + 1;
    // Each interval: progress; and at most every ten seconds the log and the load for the charts.
    expect(questions - before).toBeLessThanOrEqual(2 * intervals);
  });

  it('link to the other open runs of a cluster, and say in a command for a terminal which run it is for', async () => {
    const cluster = bigCluster('big', 10, 31);
    const other = 'backfillscorecards-big-2025-12';
    const findRun = async () => ({ workflowId: 'backfillscorecards-big', others: [other] });
    const look = await pagesOf({ ...cluster, findRun });
    for (const path of ['/', '/clusters/big']) {
      const page = await look(path);
      expect(page).toContain(`Also open: <a href="/clusters/big?run=${other}">${other}</a>`);
      expect(page).toContain('title="backfill pause big --run backfillscorecards-big"');
    }
  });

  let away = false;
  function clusterBehindVpn(): WatchedCluster {
    const cluster = bigCluster('big', 10, 31);
    return {
      ...cluster,
      findRun: async (session: ClusterSession) => {
        if (away) throw new Error('the VPN is down');
        return cluster.findRun(session);
      },
    };
  }

  it('are not needed for the metrics: a scrape looks by itself', async () => {
    const look = await pagesOf(clusterBehindVpn());
    const up = (value: number) =>
      expect.poll(() => look('/metrics'), { timeout: 60_000 }).toContain(`backfill_cluster_up{cluster="big"} ${value}`);
    await up(1);
    away = true;
    await up(0);
    away = false;
    await up(1);
  });

  it('keep the last picture of a cluster that does not answer, dimmed, with since when and why, and heal', async () => {
    const look = await pagesOf(clusterBehindVpn());
    await expect.poll(() => look('/'), { timeout: 60_000 }).toContain('windows in flight');
    away = true;
    await expect.poll(() => look('/'), { timeout: 60_000 }).toMatch(/no answer since .*the VPN is down/);
    expect(await look('/')).toMatch(/class="card dimmed"[\s\S]*windows in flight/);
    expect(await look('/clusters/big')).toContain('customer-0003');
    away = false;
    await expect.poll(() => look('/'), { timeout: 60_000 }).not.toContain('the VPN is down');
  });
});
