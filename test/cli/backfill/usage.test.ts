import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listenForAnyone, typed } from './command-line.js';

let folder: string;
let fleet: string;
let server: Awaited<ReturnType<typeof listenForAnyone>>;

beforeAll(async () => {
  server = await listenForAnyone();
  folder = await mkdtemp(join(tmpdir(), 'backfill-usage-'));
  fleet = join(folder, 'fleet.yaml');
  const address = server.address;
  const directory = { customers: ['cvs', { id: 'oportun', conversations: 2_600_000 }] };
  await writeFile(fleet, JSON.stringify({ clusters: { 'us-west': { address, directory }, chat: { address } } }));
  await writeFile(join(folder, 'list.json'), '["cvs"]');
  await writeFile(join(folder, 'broken.json'), '{');
  await writeFile(join(folder, 'other.json'), '{"cluster":"chat"}');
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

/** A command line, its error message, and the number of lines if it is not one. */
const mistakes: [typed: string, message: RegExp, lines?: number][] = [
  ['paws', /unknown command 'paws'.*pause/],
  ['pause --resaon lunch', /unknown option '--resaon'.*--reason/],
  ['pause', /which cluster\? Name some of us-west, chat, or use --all/],
  ['pause us-est', /no cluster "us-est"; did you mean us-west\?/],
  ['pause nowhere', /no cluster "nowhere"; .* has us-west, chat/],
  ['pause us-west --all', /either name clusters or use --all/],
  ['pause us-west --run x --range 2026-01', /'--run <workflow id>' cannot be used with option '--range <range>'/],
  ['pause us-west --range january', /'january' is invalid.*2026-01/],
  ['status --run backfillscorecards-x', /--run is for one run: also name its cluster/],
  ['pause --all --run x', /--run is for one run/],
  ['status --output yaml', /'yaml' is invalid. Allowed choices are table, json/],
  ['status nowhere', /no cluster "nowhere"/],
  ['reset-day us-west cvs', /expected <customer> <day> after the cluster us-west; got cvs/],
  ['reset-day us-west cvs 2026-02-30', /expected a UTC day such as 2026-01-15.*got 2026-02-30/],
  ['reset-day us-west cvs yesterday', /expected a UTC day/],
  ['reset-day cvs 15', /which cluster\? Name one of us-west, chat before cvs 15/],
  ['reset-day us-west cvs 32', /expected a UTC day such as 2026-01-15.*got 32/],
  ['skip-day us-west cvs 0', /expected a UTC day such as 2026-01-15.*got 0/],
  ['skip-day', /expected a cluster \(us-west, chat\), then <customer> <day>; got nothing/],
  ['remove', /expected a cluster \(us-west, chat\), then <customer>; got nothing/],
  ['skip-day us-west cvs 15 16', /expected <customer> <day> after the cluster us-west; got cvs 15 16/],
  ['set-parallelism us-west', /at least one of --max, --per-customer, --adaptive, --no-adaptive/],
  ['set-parallelism us-west --max 0', /'--max <n>' argument '0' is invalid.*1 to 1,000/],
  ['set-parallelism us-west --max 2.5', /'2.5' is invalid/],
  ['add us-west', /expected <customers...> after the cluster us-west; got nothing/],
  ['add us-west --input FOLDER/other.json', /--input: expected a JSON list of customers/],
  ['remove us-west', /expected <customer> after the cluster us-west/],
  ['cancel us-west --customer cvs', /--customer needs --windows/],
  ['customers us-west --day 2026-01-15', /--day needs --customer/],
  ['cancel us-west --windows --wait', /--wait waits for the end of a run/],
  ['log us-west --limit 201', /'201' is invalid.*1 to 200/],
  ['start', /which cluster\?/],
  [
    'start us-west',
    /^error: --start \(or --month\): expected a UTC day .*got nothing\nerror: --end \(or --month\): /,
    2,
  ],
  ['start us-west --month 2026-13', /--month: expected a month such as 2026-01, got 2026-13/],
  ['start us-west --month 2026-01-05--2026-01-09', /--month: expected a month/],
  ['start us-west --month 2026-01 --end 2026-02-01', /either --month, or --start and --end/],
  ['start us-west --start 2026-02-01 --end 2026-01-01', /--end: expected an end after the start, 2026-02-01/],
  ['start us-west --month 2026-01 --window 0d', /^error: --window: expected a size .*got "0d"\n$/],
  ['start us-west --month 2026-01 --customers cvs,cvs', /--customers: expected each customer once/],
  ['start us-west --month 2026-01 --customers -x', /--customers: expected an id/],
  ['start us-west --month 2026-01 --exclude cvs,oportun', /at least one customer left/],
  ['start us-west --month 2026-01 --operator-timeout soon', /--operator-timeout: expected a duration/],
  ['start us-west --month 2026-01 --parallelism 1001', /'--parallelism <n>' argument '1001' is invalid/],
  ['start us-west --month 2026-01 --input FOLDER/none.json', /--input: .*none.json can't be read \(ENOENT\)/],
  ['start us-west --month 2026-01 --input FOLDER/broken.json', /--input: .*broken.json is not JSON/],
  ['start us-west --month 2026-01 --input FOLDER/list.json', /--input: expected one JSON object, got a list/],
  ['start us-west --month 2026-01 --input FOLDER/other.json', /its cluster is "chat", but the run is for us-west/],
  ['plan us-west', /--start \(or --month\)/, 2],
  ['report --format pdf', /'pdf' is invalid. Allowed choices are md, html, json, csv/],
  ['report --out x.pdf', /--out x\.pdf: its extension is not a known format; use --format md\|html\|json\|csv/],
  ['report --out report', /--out report: its extension is not a known format/],
  ['report --rows days', /--rows is for --format csv; got md/],
  ['report --format csv --rows months', /'months' is invalid. Allowed choices are days, windows, proof/],
  ['report --run backfillscorecards-x', /--run is for one run: also name its cluster/],
  ['report us-wset', /no cluster "us-wset"; did you mean us-west\?/],
  ['watch', /watch needs a terminal; backfill status shows the same once/],
  ['completion tcsh', /'tcsh' is invalid.*bash, zsh, fish/],
];

describe('a mistake on the command line', () => {
  it.each(mistakes)(
    'backfill %s: exit code 2, one line for each mistake, nothing sent',
    async (line, message, lines = 1) => {
      const args = line.replaceAll('FOLDER', folder).split(' ');
      const before = server.visits();
      const { code, stdout, stderr } = await typed([...args, '--fleet', fleet]);
      expect(stderr).toMatch(message);
      expect(stderr.trimEnd().split('\n')).toHaveLength(lines);
      expect({ code, stdout, visits: server.visits() - before }).toEqual({ code: 2, stdout: '', visits: 0 });
    },
  );

  it('files to import that mark no day of the range as done: it asks whether that is the right range', async () => {
    const file = join(folder, 'tracking.json');
    await writeFile(file, '{"cvs": {"2026-01-01": "completed"}}');
    const output = async (month: string) =>
      (await typed(['import', 'us-west', file, '--month', month, '--fleet', fleet])).stdout;
    expect(await output('2026-04')).toMatch(
      /none of the days that the files mark as done is in 2026-04-01 to 2026-05-01/,
    );
    expect(await output('2026-01')).not.toContain('none of the days');
  });

  it('a bad fleet file is named with line and column, before anything else', async () => {
    const bad = join(folder, 'bad.yaml');
    await writeFile(bad, 'clusters:\n  us-west: { adress: x }\n');
    const { code, stdout, stderr } = await typed(['status', '--fleet', bad]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/bad.yaml:2:\d+: .*adress.*did you mean address\?/);
  });
});

describe('the help of the command', () => {
  it('every command has examples, and is in docs/cli.md', async () => {
    const docs = await readFile(new URL('../../../docs/cli.md', import.meta.url), 'utf8');
    const { stdout } = await typed(['--help']);
    const names = [...stdout.slice(stdout.indexOf('Commands:')).matchAll(/^ {2}([a-z-]+) {2,}/gm)].map(
      ([, name]) => name!,
    );
    expect(names.length).toBeGreaterThan(15);
    for (const name of names.filter((name) => name !== 'help')) {
      const help = await typed([name, '--help']);
      expect(help).toMatchObject({ code: 0, stderr: '' });
      expect(help.stdout, name).toContain(`Examples:\n`);
      expect(docs, name).toMatch(new RegExp(`backfill ${name}\\b`));
    }
  });

  it('fits in 80 columns', async () => {
    for (const args of [['--help'], ['start', '--help'], ['cancel', '--help'], ['status', '--help']]) {
      const { stdout } = await typed(args);
      for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
    }
  });
});
