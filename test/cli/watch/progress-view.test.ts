import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newsBetween, summaryLine } from '../../../src/cli/watch/progress-log.js';
import { progressView } from '../../../src/cli/watch/progress-view.js';
import { render, widthOf } from '../../../src/presentation/lines/line.js';
import type { RunView } from '../../../src/presentation/status/figures.js';
import { month, NOW, progress, type Sketch } from '../../support/progress.js';

const plain = { colour: false };
const view = (runs: RunView[], columns = 80, rows = 24) =>
  progressView(runs, NOW, { columns, rows }).map((line) => render(line, { ...plain, width: columns }));
const run = (name: string, customers: Record<string, string>, sketch?: Sketch): RunView => ({
  name,
  progress: progress(customers, sketch),
});

const half = run('voice-prod', { a: month('d'), b: month('.') }, { inFlight: 1, left: 65 });
const done = run('chat-prod', { c: month('d'), d: month('s') }, { status: 'completed' });
const silent: RunView = { name: 'ap-southeast-2-prod' };

describe('the live view', () => {
  it('shows each run and their total', () => {
    expect(view([half, done, silent], 74)).toEqual([
      'run                              %  customers     days  in flight     left',
      'voice-prod           ████░░░░   50        1/2    31/62          1    1m 5s',
      'chat-prod            ████████  100        2/2    62/62                done',
      'ap-southeast-2-prod  ░░░░░░░░',
      'total                ██████░░   75        3/4   93/124          1        …',
    ]);
  });

  it('shows done, stuck, verifying and running days as parts of the bar, however few', () => {
    const days = `${'d'.repeat(20)}fvr${'.'.repeat(8)}`;
    expect(view([run('x', { a: days })], 60)[1]).toMatch(/█+▓▚▒░+ +64/);
  });

  it('says 100 percent only when nothing is left', () => {
    const almost = run(
      'x',
      Object.fromEntries([...Array(999).keys()].map((i) => [`c${i}`, 'd']).concat([['last', '.']])),
    );
    expect(view([almost])[1]).toContain(' 99 ');
  });

  it('says why a run makes no progress', () => {
    const paused = run('x', { a: month('.') }, { status: 'paused', statusReason: 'paused by kim\nat noon' });
    expect(view([paused])).toEqual([
      expect.anything(),
      expect.stringMatching(/ paused$/),
      '',
      '! x paused: paused by kim at noon',
    ]);
    expect(view([run('x', { a: month('f') }, { status: 'waitingForOperator' })])[1]).toMatch(/ stuck$/);
  });

  it('shows what needs attention, and how much more there is than fits', () => {
    const attention = Array.from({ length: 30 }, (_, i) => ({ customer: `c${i}` }));
    const lines = view([run('x', { a: month('f') }, { attention })], 80, 10);
    expect(lines).toHaveLength(9);
    expect(lines[3]).toMatch(/^! c0 2026-01-15 permanent: no such table \(1 attempt\); retry-failed/);
    expect(lines.at(-1)).toBe('  and 25 more');
  });

  it('never wraps and never scrolls, whatever the size', () => {
    const attention = [{ message: 'x'.repeat(500) }, {}, {}];
    const stuck = run('us-east-1-prod', { a: month('f') }, { attention });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 2, max: 60 }), (columns, rows) => {
        const lines = view([half, done, silent, stuck], columns, rows);
        expect(lines.length).toBeLessThan(rows);
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(columns);
      }),
    );
  });

  it('loses columns in a narrow terminal, but neither percent nor time left', () => {
    const [titles] = view([half], 36);
    expect(titles).toMatch(/^run .* % +left$/);
  });
});

describe('the plain lines', () => {
  it('sum up all runs', () => {
    expect(summaryLine([half, done], NOW)).toBe(
      '75% after 1m, 3 of 4 customers, 93 of 124 days, 1 in flight, about 1m 5s left',
    );
    expect(summaryLine([half, silent], NOW)).not.toContain('left');
    expect(summaryLine([silent], NOW)).toBe('0%, 0 of 0 customers, 0 of 0 days, 0 in flight');
  });

  it('report an end and each problem once', () => {
    const news = (before: RunView[], after: RunView[]) => newsBetween(before, after).map((line) => render(line, plain));
    const before = [half, { name: 'chat-prod' }];
    const trouble = run('voice-prod', { a: month('f') }, { attention: [{}] });
    const after = [trouble, done];
    expect(news(before, after)).toEqual([
      '! cvs 2026-01-15 permanent: no such table (1 attempt); retry-failed',
      'chat-prod completed: 2 customers, 62 of 62 days done',
    ]);
    expect(news(after, after)).toEqual([]);
    const more = ['16', '17'].map((day) => ({ days: [`2026-01-${day}`], workflowId: `w-${day}` }));
    const worse = run('voice-prod', { a: month('f') }, { attention: [{}, ...more] });
    expect(news([trouble], [worse])).toEqual([
      '! cvs 2026-01-16 to 2026-01-17 permanent: no such table (1 attempt); retry-failed',
    ]);
  });
});
