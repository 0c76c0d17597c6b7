// Long because its last test says that the others together have pressed every button that the pages have.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres } from '../../scripts/dev/postgres.js';
import { useRig } from '../support/harness.js';
import type { BackfillHandle } from '../support/run.js';
import { bigCluster, TestServer } from './support.js';

const executablePath = [process.env.CHROMIUM_PATH, '/usr/bin/chromium'].find((path) => path && existsSync(path));
if (!executablePath) console.warn('SKIPPED: test/server/browser.test.ts needs Chromium (apt-get install chromium)');

/** The worker's: where it counts what windows left out. */
const environment: NodeJS.ProcessEnv = {
  BACKFILL_VERIFY_SQL: `SELECT n AS "window", '2026-01-01' AS day, 5 AS conversations, 5 AS missing
    FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[]) WITH ORDINALITY AS w (a, b, c, d, n)`,
};
const rig = useRig({ environment });
const days = { start: '2026-01-01', end: '2026-02-01' };
const WAIT = { timeout: 60_000 };

describe.skipIf(!executablePath)('pages in a browser', () => {
  let browser: Browser;
  let server: TestServer;
  let run: BackfillHandle;

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] });
    const customers = ['a', 'beating-b', 'broken-c', 'slow-d', 'flaky-e'];
    run = await rig.startBackfill({
      customers,
      ...days,
      parallelism: { max: 4, perCustomer: 1 },
      retry: { unknown: { attempts: 1 } },
      breaker: { windows: 200 },
    });
    await run.until(({ totals }) => totals.failed > 20 && totals.running >= 2);
    server = await TestServer.start(rig, { east: run.workflowId }, { others: [bigCluster('big', 10_000, 366)] });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  /** Every button that a test has pressed: the part of src/server/dashboard that it is from, and its text. */
  const pressed = new Set<string>();

  async function newPage(): Promise<Page> {
    const context = await browser.newContext();
    await context.exposeBinding('pressed', (_, part: string, text: string) => void pressed.add(`${part}: ${text}`));
    await context.addInitScript(`document.addEventListener('click', ({ target }) => {
      const button = target.closest('button');
      const within = (selector) => button.closest(selector);
      if (!button) return;
      const path = location.pathname;
      pressed(
        within('.attention') ? 'attention-list' : within('.commands') ? 'run-page' : within('.past') ? 'run-charts'
        : within('.filters, .selection') ? 'heat-map' : path.includes('/commands/') ? 'command-page'
        : path.endsWith('/start') ? 'start-page' : path.includes('/customers/') ? 'customer-page' : 'fleet-page',
        button.textContent);
    }, true)`);
    return context.newPage();
  }

  /** A signed-in page; whatever the browser complains about fails the test. */
  async function opened(path: string) {
    const page = await newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.goto(server.address);
    expect(page.url()).toBe(`${server.origin}/`);
    await page.goto(server.origin + path);
    return { page, complaints };
  }

  const row = (page: Page, text: string) => page.locator('.map tbody tr', { hasText: text });

  it('has no finding of axe on any page, light or dark, on a telephone or a large screen', async () => {
    const past = `/clusters/east?at=${new Date().toISOString()}`;
    const customer = '/clusters/east/customers/broken-c';
    const looks = [
      { width: 400, colorScheme: 'light', paths: ['/', past, '/clusters/east/start', `${customer}/days/2026-01-02`] },
      { width: 1280, colorScheme: 'dark', paths: ['/clusters/east?sort=worst', customer, '/clusters/nothing'] },
    ] as const;
    for (const { width, colorScheme, paths } of looks) {
      const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
      const page = await context.newPage();
      await page.goto(server.address);
      for (const path of paths) {
        await page.goto(server.origin + path);
        const { violations } = await new AxeBuilder({ page }).analyze();
        const findings = violations.map(
          ({ id, nodes }) => `${path} ${id}: ${nodes[0]!.html} ${nodes[0]!.failureSummary}`,
        );
        expect(findings).toEqual([]);
        const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
        expect(overflow, `${path} at ${width} px`).toBeLessThanOrEqual(0);
      }
      await context.close();
    }
  }, 240_000);

  it('is live without a reload: a pause in one window shows in the other', async () => {
    const { page, complaints } = await opened('/clusters/east');
    const other = await opened('/clusters/east');
    await page.locator('.actions').getByRole('button', { name: 'Pause', exact: true }).click();
    await page.getByText('the run is paused').waitFor(WAIT);
    await other.page.getByRole('button', { name: 'Resume', exact: true }).first().waitFor(WAIT);
    await other.page.getByRole('button', { name: 'Resume', exact: true }).first().click();
    await other.page.getByText('the run continues').waitFor(WAIT);
    expect([...complaints, ...other.complaints]).toEqual([]);
    await page.close();
    await other.page.close();
  });

  it('is usable by keyboard: into the heat map, over its cells, to a day', async () => {
    const { page, complaints } = await opened('/clusters/east');
    await row(page, 'broken-c').locator('th a').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/customers/broken-c/days/2026-01-02', WAIT);
    await page.getByText('no such customer').first().waitFor(WAIT);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('chooses cells by dragging, Shift+click and Shift+arrows, keeps them over refreshes, and resets, skips and retries them', async () => {
    const { page, complaints } = await opened('/clusters/east');
    const cell = (customer: string, day: string) => row(page, customer).getByLabel(day);
    const chosen = page.locator('.map td.chosen');
    const form = page.locator('.selection');
    // Shown by the page's script once it listens to pointer and keys.
    const ready = () => page.locator('[data-hint]').waitFor(WAIT);
    const confirmed = async (button: string, says: RegExp, answer: RegExp) => {
      await form.getByRole('button', { name: button, exact: true }).click();
      await page.getByText(says).waitFor(WAIT);
      await page.getByRole('button', { name: 'Yes, do it' }).click();
      await page.getByText(answer).first().waitFor(WAIT);
      await page.getByRole('link', { name: 'Back' }).click();
      await ready();
    };
    await ready();
    expect(await form.isVisible()).toBe(false);
    await cell('broken-c', '2026-01-03').hover();
    await page.mouse.down();
    await cell('broken-c', '2026-01-04').hover();
    await cell('broken-c', '2026-01-06').hover();
    await page.mouse.up();
    expect(await chosen.count()).toBe(4);
    const before = await page.locator('footer').textContent();
    await expect.poll(() => page.locator('footer').textContent(), WAIT).not.toBe(before);
    expect(await chosen.count()).toBe(4);
    expect(await form.getByRole('status').textContent()).toBe('4 days from 2026-01-03 of 1 customer');
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]!.html}`)).toEqual([]);
    await confirmed(
      'Skip',
      /skip 4 of the 4 chosen days, of 1 customer/,
      /broken-c 2026-01-06: was failed, is skipped/,
    );
    await cell('broken-c', '2026-01-05').click({ modifiers: ['Shift'] });
    await cell('broken-c', '2026-01-07').click({ modifiers: ['Shift'] });
    expect(await form.getByRole('status').textContent()).toBe('3 days from 2026-01-05 of 1 customer');
    await confirmed('Retry failed', /retry 1 of the 3 chosen days/, /broken-c 2026-01-07: was failed, waits/);
    await cell('broken-c', '2026-01-03').focus();
    await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('Shift+ArrowRight');
    expect(await chosen.count()).toBe(3);
    await page.keyboard.press('Escape');
    expect(await form.isVisible()).toBe(false);
    await page.keyboard.press('Shift+ArrowLeft');
    await confirmed('Reset', /run again 2 of the 2 chosen days/, /broken-c 2026-01-04: was skipped, waits/);
    await cell('broken-c', '2026-01-03').click({ modifiers: ['Shift'] });
    await form.getByRole('button', { name: 'Clear' }).click();
    expect(await chosen.count()).toBe(0);
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('form').filter({ visible: true }).count()).toBe(0);
    expect(await page.locator('.map').isVisible()).toBe(true);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('does not lose what a person types when it refreshes', async () => {
    const { page } = await opened('/clusters/east');
    await page.getByLabel('Name contains').fill('brok');
    const before = await page.locator('footer').textContent();
    await expect.poll(() => page.locator('footer').textContent(), WAIT).not.toBe(before);
    expect(await page.getByLabel('Name contains').inputValue()).toBe('brok');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.locator('.map tbody tr').count(), WAIT).toBe(1);
    await page.close();
  });

  it('keeps tables sorted over refreshes, and tells what is under the pointer in a chart that came later', async () => {
    const { page, complaints } = await opened('/clusters/east');
    const log = page.locator('table', { hasText: 'effect' }).first();
    await log.getByRole('button', { name: 'effect' }).click(WAIT);
    const before = await page.locator('footer').textContent();
    await expect.poll(() => page.locator('footer').textContent(), WAIT).not.toBe(before);
    const effects = await log.locator('tbody td:last-child').allTextContents();
    expect(effects).toEqual([...effects].sort((a, b) => a.localeCompare(b)));
    const bar = page.locator('svg[data-gantt] path[class^="run-"]').first();
    await bar.scrollIntoViewIfNeeded(WAIT);
    const { x, y } = (await bar.boundingBox())!;
    await page.mouse.move(x + 1, y + 2);
    await page.locator('#tip', { hasText: 'UTC' }).waitFor(WAIT);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('has only the rows in sight of 10,000 customers by 366 days, and scrolls to the last', async () => {
    const { page, complaints } = await opened('/clusters/big');
    await page.locator('.map tbody tr').first().waitFor(WAIT);
    expect(await page.locator('.map tbody tr').count()).toBeLessThanOrEqual(60);
    await page.locator('.map').evaluate((map) => map.scrollTo(0, map.scrollHeight));
    await row(page, 'customer-9999').waitFor(WAIT);
    expect(await page.locator('.map tbody tr').count()).toBeLessThanOrEqual(60);
    await page.locator('.map').evaluate((map) => map.scrollTo(0, 0));
    await row(page, 'customer-0000').waitFor(WAIT);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('can be read without JavaScript', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(server.address);
    await page.getByRole('link', { name: 'big' }).first().click();
    await page.getByRole('link', { name: 'later' }).click();
    await row(page, 'customer-0040').waitFor(WAIT);
    await page.getByRole('link', { name: '2026-02', exact: true }).click();
    await page.locator('select[name=show]').selectOption('failed');
    await page.getByRole('button', { name: 'Apply' }).click();
    await row(page, 'customer-0007').getByLabel('2026-02-01 failed').waitFor(WAIT);
    await context.close();
  });

  it('goes back in time with the slider, at an address that can be shared', async () => {
    const { page, complaints } = await opened('/clusters/east');
    const slider = page.locator('[data-time]');
    await slider.waitFor(WAIT);
    await slider.focus();
    await page.keyboard.press('Home');
    await page.waitForURL('**at=2*', WAIT);
    await page.getByRole('heading', { name: /^east at 2/ }).waitFor(WAIT);
    expect(await row(page, 'broken-c').locator('td.day-f').count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.close();
  });

  /** Presses a button, says yes where it asks, and waits for the run's answer. */
  async function presser(own: TestServer) {
    const page = await newPage();
    await page.goto(own.address);
    const press = async (path: string, scope: string, button: string, answer: RegExp) => {
      await page.goto(own.origin + path);
      const details = page.locator('details.commands:not([open]) summary');
      if (scope === '.commands') await details.click(WAIT);
      const found = page.locator(scope).getByRole('button', { name: button, exact: true }).first();
      await found.waitFor(WAIT);
      if (button === 'Set limits') await page.locator('input[name=max]').fill('3');
      if (button.endsWith('chosen days')) for (const box of await page.getByRole('checkbox').all()) await box.check();
      await found.click();
      const yes = page.getByRole('button', { name: 'Yes, do it' });
      await yes.or(page.locator('.answers')).first().waitFor(WAIT);
      if (await yes.isVisible()) await yes.click();
      await page.locator('.answers', { hasText: answer }).waitFor(WAIT);
    };
    return Object.assign(press, { page });
  }

  it('has no button that does nothing: each one of the fleet, a run, its customers and days is pressed', async () => {
    const input = {
      ...days,
      end: '2026-01-05',
      parallelism: 4,
      breaker: { windows: 200 },
      retry: { unknown: { attempts: 1 } },
    };
    const one = await rig.startBackfill({ ...input, customers: ['broken-c', 'slow-d', 'slow-e'] });
    const two = await rig.startBackfill({ ...input, customers: ['slow-f'] });
    await one.until(({ totals }) => totals.failed === 4 && totals.running === 2);
    const west = 'backfillscorecards-west-2025-03';
    const own = await TestServer.start(rig, { one: one.workflowId, two: two.workflowId, west });
    const press = await presser(own);
    const { page } = press;
    await press('/', 'main > .actions', 'Pause all', /one .*the run is paused.*two .*the run is paused/s);
    await press('/', 'main > .actions', 'Resume all', /one .*the run continues.*two .*the run continues/s);
    await press('/', '.card', 'Pause', /the run is paused/);
    await press('/', '.card', 'Resume', /the run continues/);
    const run = '/clusters/one';
    await press(run, '.commands', 'Pause', /the run is paused/);
    await press(run, '.commands', 'Resume', /the run continues/);
    await press(run, '.commands', 'Set limits', /max 4 → 3/);
    await press(run, '.commands', 'Retry failed days', /broken-c .* waits again/);
    await one.until(({ totals }) => totals.failed === 4);
    await press(run, '.attention', 'Retry failed days', /broken-c .* waits again/);
    await one.until(({ totals }) => totals.failed === 4);
    await press(run, '.attention', 'Skip day 2026-01-01', /broken-c 2026-01-01: was failed, is skipped/);
    const broken = `${run}/customers/broken-c`;
    await press(broken, 'main', 'Pause', /broken-c is paused/);
    await press(broken, 'main', 'Resume', /broken-c continues/);
    await press(broken, 'main', 'Retry failed days', /broken-c .* waits again/);
    await one.until(({ totals }) => totals.failed === 3);
    await press(broken, 'main', 'Reset chosen days', /2026-01-04: was failed, waits to run again/);
    await one.until(({ totals }) => totals.failed === 4);
    await press(broken, 'main', 'Skip chosen days', /2026-01-04: was failed, is skipped/);
    const day = `${broken}/days/2026-01-03`;
    await press(day, 'main', 'Reset day', /2026-01-03: was skipped, waits to run again/);
    await press(day, 'main', 'Skip day', /2026-01-03: /);
    const slow = `${run}/customers/slow-d`;
    await rig.client.workflow.getHandle(`${one.prefix}-slow-d-2026-01-01`).terminate();
    await one.until(({ totals }) => totals.held === 1);
    await press(slow, 'main', 'Lift holds', /slow-d .*waits again/);
    await one.until(({ totals }) => totals.running >= 1);
    await press(slow, 'main', 'Cancel running windows', /asked \d windows? to cancel/);
    await press(slow, 'main', 'Remove from the run', /removed slow-d/);
    await press(run, '.commands', 'Cancel running windows', /asked \d windows? to cancel/);
    await page.goto(own.origin + run);
    await page.getByRole('button', { name: 'Show', exact: true }).click(WAIT);
    await page.getByRole('heading', { name: /^one at 2/ }).waitFor(WAIT);
    await page.getByRole('link', { name: 'Now' }).click();
    await page.locator('.commands summary').click(WAIT);
    await page.getByRole('button', { name: 'Cancel the run' }).click();
    await page.getByRole('link', { name: 'No, back' }).click(WAIT);
    await press(run, '.commands', 'Cancel the run', /was asked to cancel/);
    await press('/clusters/two', '.commands', 'Finish', /finishing: 1 window in flight/);
    await page.goto(`${own.origin}/clusters/west/start`);
    await page.getByLabel('First day').fill('2025-03-01');
    await page.getByLabel('Day after the last').fill('2025-04-01');
    await page.getByLabel('Customers').fill('slow-g');
    await page.getByRole('button', { name: 'Show the plan' }).click();
    await page.getByRole('button', { name: `Start ${west}` }).click(WAIT);
    await page.getByText(`${west} started`).waitFor(WAIT);
    await Promise.all([two.handle.terminate(), rig.client.workflow.getHandle(west).terminate()]);
    await own.close();
  }, 240_000);

  it('has the next steps of what needs attention as buttons that work', async () => {
    const postgres = await startPostgres();
    environment.BACKFILL_VERIFY_URL = postgres.url;
    const input = { start: '2026-01-01', end: '2026-01-02', retry: { unknown: { attempts: 1 } } };
    const [stopped, incomplete, failing] = await Promise.all([
      rig.startBackfill({ ...input, customers: ['slow-d', 'slow-e'], parallelism: 2 }),
      rig.startBackfill({ ...input, customers: ['a', 'broken-b'], verify: 'report', parallelism: 2 }),
      rig.startBackfill({ ...input, customers: ['broken-b', 'broken-c', 'slow-g'], breaker: { windows: 2 } }),
    ]);
    // The run knows of a window before its workflow has started.
    await stopped.untilStarted(2);
    await rig.client.workflow.getHandle(stopped.childId('slow-d', '2026-01-01')).terminate('the database is full');
    await stopped.until(({ totals }) => totals.held === 1);
    await incomplete.until(({ attention }) => attention.some((entry) => entry.class === 'missing'));
    await failing.until(({ attention }) => attention.some((entry) => entry.class === 'breaker'));
    const own = await TestServer.start(rig, {
      stopped: stopped.workflowId,
      incomplete: incomplete.workflowId,
      failing: failing.workflowId,
    });
    const press = await presser(own);
    const day = '/clusters/stopped/customers/slow-d/days/2026-01-01';
    await expect.poll(() => own.page(day), WAIT).toMatch(/terminated by .*: the database is full/);
    expect(await own.page(day)).toMatch(/it is held, since someone stopped its window.*>Lift holds<\/button>/s);
    await press('/clusters/stopped', '.attention', 'Resume', /slow-d 2026-01-01 waits again/);
    await press('/clusters/incomplete', '.attention', 'Reset day', /a 2026-01-01: was done, waits to run again/);
    await expect
      .poll(() => own.page('/clusters/failing'), WAIT)
      .toMatch(/<span class="t-bold">the run<\/span> breaker: 2 of the latest/);
    await press('/clusters/failing', '.attention', 'Resume', /the run continues/);
    await Promise.all([stopped, incomplete, failing].map(({ handle }) => handle.terminate()));
    await own.close();
    await postgres.stop();
  }, 240_000);

  it('says that the server is away, and heals when it is back', async () => {
    const { page } = await opened('/clusters/east');
    const { port } = server;
    await server.close();
    await page.getByText('No answer from backfill serve').waitFor(WAIT);
    server = await TestServer.start(rig, { east: run.workflowId }, { port, others: [bigCluster('big', 10_000, 366)] });
    await expect.poll(() => page.locator('#notice').textContent(), WAIT).toBe('');
    await page.close();
  });

  it('has had every button pressed that its pages can have', () => {
    expect(
      buttonsInSource().filter(([part, text]) => ![...pressed].some((one) => one.startsWith(`${part}: ${text}`))),
    ).toEqual([]);
  });
});

/** Buttons as the sources of the pages have them: the part, and the text or its beginning. */
function buttonsInSource(): [part: string, text: string][] {
  const folder = new URL('../../src/server/dashboard/', import.meta.url);
  const found = readdirSync(folder).flatMap((file) => {
    const source = readFileSync(new URL(file, folder), 'utf8');
    const [part] = file.split('.ts');
    const texts = [
      /\blabel: '([^']+)'/g,
      /\bform\('\w+', '([^']+)'/g,
      /<button[^>]*>([^<$]+)/g,
      // The steps of attention.
      ...(part === 'attention-list' ? [/^ {2}\['\w+', '([^']+)'\],$/gm] : []),
    ].flatMap((pattern) => [...source.matchAll(pattern)].map(([, text]) => text!));
    return texts.map((text): [string, string] => [part!, text]);
  });
  // A change of the source must not leave this list empty.
  expect(found.length).toBeGreaterThan(25);
  return found;
}
