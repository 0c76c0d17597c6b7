import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { watchFrame } from '../../../src/cli/watch/frame.js';
import { initialWatchState, type WatchState } from '../../../src/cli/watch/watch-state.js';
import { lineWidth, render } from '../../../src/presentation/lines/line.js';
import type { ClusterPicture } from '../../../src/watch/picture.js';
import { month, NOW, progress } from '../../support/progress.js';

const fleet = Object.fromEntries(
  Array.from({ length: 260 }, (_, i) => [
    `customer-${String(i).padStart(3, '0')}`,
    month(i < 100 ? 'd' : i === 200 ? 'f' : '.'),
  ]),
);
const attention = Array.from({ length: 30 }, (_, i) => ({ customer: `customer-${i}`, message: 'out of memory' }));
const windows = {
  list: Array.from({ length: 40 }, (_, i) => ({
    workflowId: `reindexconversations-customer-${i}-2026-01-01`,
    customer: `customer-${i}`,
    interval: [490_896, 490_920] as const,
    startedAt: NOW - (60 - i) * 60_000,
  })),
  more: false,
};
const large: ClusterPicture = {
  cluster: 'us-east-1-prod',
  workflowId: 'backfillscorecards-us-east-1-prod-2026-01',
  progress: progress(fleet, { inFlight: 40, left: 9_000, attention }),
  windows,
};
const small: ClusterPicture = { cluster: 'chat-prod', workflowId: 'chat', progress: progress({ a: month('d') }) };
const none: ClusterPicture = { cluster: 'voice-prod', note: 'no run yet' };
const silent: ClusterPicture = {
  ...small,
  cluster: 'schwab-prod',
  unreachable: { since: NOW - 5_000, reason: 'connection refused' },
};
const all = [large, small, none, silent];

const frame = (choice: Partial<WatchState> = {}, size = { columns: 80, rows: 24 }, message?: string) => {
  const made = watchFrame(all, { ...initialWatchState, ...choice }, NOW, size, message);
  return { ...made, text: made.lines.map((line) => render(line, { colour: false, width: size.columns })) };
};

describe('the watch screen', () => {
  it('shows clusters, figures, the map, windows, problems, legend and keys at 80 by 24', () => {
    const { text } = frame();
    expect(text).toHaveLength(24);
    expect(text[0]).toMatch(/^\[us-east-1-prod 38%!\] chat-prod 100% {2}voice-prod – {2}schwab-prod \?/);
    expect(text[1]).toMatch(/^us-east-1-prod {2}running {2}38%/);
    expect(text.join('\n')).toMatch(/customer-000 d{31} 31\/31/);
    expect(text.join('\n')).toMatch(/40 windows in flight\ncustomer-0 +2026-01-01 +1h/);
    expect(text.join('\n')).toMatch(/needs attention\n! customer-0 .*\nand \d+ more; press a/);
    expect(text.at(-1)).toMatch(/q quit$/);
  });

  it('shows the age of figures that are overdue', () => {
    const headlineOf = (asOf: number) => {
      const { lines } = watchFrame([{ ...small, asOf }], initialWatchState, NOW, { columns: 80, rows: 24 });
      return render(lines[1]!, { colour: false });
    };
    expect(headlineOf(NOW - 7_000)).toBe('chat-prod  running  100%  as of 7s ago  chat');
    expect(headlineOf(NOW - 3_000)).toBe('chat-prod  running  100%  chat');
  });

  it('breaks a long reason in two where there is room, and cuts it where there is none', () => {
    const statusReason = `paused by kim: ${'the database is being moved, '.repeat(6)}`;
    const paused = { ...small, progress: progress({ a: month('d') }, { statusReason }) };
    const textAt = (rows: number) =>
      watchFrame([paused], initialWatchState, NOW, { columns: 80, rows }).lines.map((line) =>
        render(line, { colour: false, width: 80 }),
      );
    expect(textAt(24).slice(2, 5)).toEqual([
      expect.stringMatching(/^why {7}paused by kim: the database/),
      expect.stringMatching(/^ {10}\S.*…$/),
      expect.stringMatching(/^days/),
    ]);
    expect(textAt(20).slice(2, 4)).toEqual([expect.stringMatching(/^why .*…$/), expect.stringMatching(/^days/)]);
  });

  it('scrolls through all 260 customers', () => {
    const seen = new Set<string>();
    const { page, scrollable } = frame();
    expect(scrollable).toBe(260);
    for (let scroll = 0; scroll < scrollable; scroll += page) {
      for (const line of frame({ scroll }).text) {
        const id = /^(customer-\d+) .*\d+\/31$/.exec(line)?.[1];
        if (id) seen.add(id);
      }
    }
    expect(seen.size).toBe(260);
    expect(frame({ scroll: 259 }).text.join('\n')).toContain(`${261 - page}–260 of 260`);
  });

  it('puts the customers with the worst days first when asked to', () => {
    const map = frame({ worstFirst: true }).text.filter((line) => /^customer-\d+ .*\/31$/.test(line));
    expect(map[0]).toMatch(/^customer-200 f/);
    expect(map[1]).toMatch(/^customer-100 \./);
  });

  it('lists all windows, and all problems, each on its own', () => {
    expect(frame({ view: 'windows' }).text.join('\n')).toContain('40 windows in flight, lines 1 to');
    const problems = frame({ view: 'attention', scroll: 1_000 });
    expect(problems.text.join('\n')).toContain('needs attention (30), lines');
    expect(problems.text.join('\n')).toContain('customer-29');
  });

  it('asks before a command, naming cluster and run', () => {
    const { text } = frame({ confirming: 'pause' });
    const question = text.slice(-3).join(' ');
    expect(question).toContain('pause us-east-1-prod (backfillscorecards-us-east-1-prod-2026-01)?');
    expect(question).toContain('y yes');
  });

  it('says what a command did, above the keys', () => {
    expect(frame({}, undefined, 'us-east-1-prod: paused; 3 windows in flight').text.join('\n')).toContain(
      'paused; 3 windows',
    );
  });

  it('shows since when a cluster has not answered, with its last picture dimmed', () => {
    const { lines, text } = frame({ selected: 3 });
    expect(text[1]).toBe('schwab-prod  no answer since 11:59:55 UTC (5s): connection refused');
    const days = lines.flat().find((span) => typeof span !== 'string' && /d{31}/.test(span.text));
    expect(days).toMatchObject({ style: 'dim' });
  });

  it('shows a cluster without a run', () => {
    expect(frame({ selected: 2 }).text[1]).toBe('voice-prod  no run yet');
  });

  it('keeps the selected cluster visible when not all fit', () => {
    for (const selected of [0, 1, 2, 3]) {
      const [tabs] = frame({ selected }, { columns: 40, rows: 24 }).text;
      expect(tabs).toContain(`[${all[selected]!.cluster}`);
    }
  });

  it('never has more lines or columns than the terminal', () => {
    const size = fc.record({ columns: fc.integer({ min: 24, max: 220 }), rows: fc.integer({ min: 5, max: 70 }) });
    const choice = fc.record({
      selected: fc.integer({ min: 0, max: 3 }),
      view: fc.constantFrom('map' as const, 'windows' as const, 'attention' as const),
      scroll: fc.integer({ min: 0, max: 300 }),
      worstFirst: fc.boolean(),
      confirming: fc.constantFrom(undefined, 'pause' as const),
    });
    fc.assert(
      fc.property(choice, size, ({ confirming, ...chosen }, terminal) => {
        const { text } = frame(confirming ? { ...chosen, confirming } : chosen, terminal);
        expect(text).toHaveLength(terminal.rows);
        for (const line of text) expect(lineWidth([line])).toBeLessThanOrEqual(terminal.columns);
        expect(text.slice(-2).join(' ')).toContain(confirming ? 'key no' : 'q quit');
      }),
    );
  });
});
