import { describe, expect, it } from 'vitest';
import { type Line, render } from '../../../src/presentation/lines/line.js';
import { activityLine, lateHeartbeats } from '../../../src/presentation/status/activity-line.js';
import type { WindowActivity } from '../../../src/watch/picture.js';
import { activityOf, insideOf } from '../../../src/watch/window-activity.js';
import { NOW } from '../../support/progress.js';

const plainText = (line: Line) => render(line, { colour: false });
const HOUR = 3_600_000;
const from = Date.parse('2026-01-15T00:00:00Z') / HOUR;
const day = [from, from + 24] as const;
const beating: WindowActivity = { attempt: 1, seenAt: NOW - 26_000, limitMs: 30_000 };

describe('what a heartbeat says of its window', () => {
  it('is a share where its details have a time within the window, as a worker that pages through it sends', () => {
    const position = { startedAt: '2026-01-15T06:00:00Z', id: 'c-1' };
    expect(insideOf({ position, conversations: 1_200 }, day)).toEqual({
      share: 0.25,
      counts: [['conversations', 1_200]],
    });
    expect(insideOf({ position: '2026-01-15T18:00:00Z' }, day)).toEqual({ share: 0.75 });
    expect(insideOf({ position: '2026-03-01T18:00:00Z' }, day)).toEqual({});
  });

  it('is a share where its details have done and total, and a count where they are a number', () => {
    expect(insideOf({ done: 30, total: 40 }, day).share).toBe(0.75);
    expect(insideOf({ done: 90, total: 40 }, day).share).toBe(1);
    expect(insideOf({ done: 90, total: 0 }, day).share).toBeUndefined();
    expect(insideOf(7, day)).toEqual({ counts: [['done', 7]] });
  });

  it('is nothing where its details are anything else', () => {
    for (const details of [undefined, null, 'page 7', [1, 2], { position: {} }, Number.NaN, { done: '1' }]) {
      expect(insideOf(details, day).share).toBeUndefined();
    }
  });

  it('has the age of the latest heartbeat, or of the attempt before the first one', () => {
    const seconds = (ms: number) => ({ seconds: Math.floor(ms / 1_000), nanos: 0 }) as never;
    const pending = { state: 2, attempt: 3, activityOptions: { heartbeatTimeout: seconds(30_000) } };
    expect(activityOf({ ...pending, lastStartedTime: seconds(NOW) }, day)).toMatchObject({
      seenAt: NOW,
      limitMs: 30_000,
    });
    const waiting = activityOf({ ...pending, state: 1, lastStartedTime: seconds(NOW) }, day);
    expect(waiting).toMatchObject({ attempt: 3 });
    expect(waiting.seenAt).toBeUndefined();
  });
});

describe('a window that has been silent for long', () => {
  it('is warned of before its heartbeat times out, and not before it is near', () => {
    const window = { workflowId: 'w-cvs', customer: 'cvs', interval: day, startedAt: NOW };
    const picture = (activity: WindowActivity) => ({
      cluster: 'east',
      windows: { list: [{ ...window, activity }], more: false },
    });
    expect(lateHeartbeats(picture(beating), NOW).map(plainText)).toEqual([
      '! cvs w-cvs: heartbeat 26s ago of at most 30s; it may time out: if it does, the run splits the window',
    ]);
    expect(lateHeartbeats(picture({ ...beating, seenAt: NOW - 24_000 }), NOW)).toEqual([]);
    expect(lateHeartbeats(picture({ attempt: 1 }), NOW)).toEqual([]);
  });

  it('shows its share, figures and attempt on one line', () => {
    const activity = { ...beating, share: 0.429, counts: [['pages', 1_234]] as const, attempt: 2, lastFailure: 'a\nb' };
    expect(plainText(activityLine(activity, NOW))).toBe(
      '42%, 1,234 pages, attempt 2 after a b, heartbeat 26s ago of at most 30s',
    );
  });
});
