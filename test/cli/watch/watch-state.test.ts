import { describe, expect, it } from 'vitest';
import { afterKey, initialWatchState, type ShownFrame, type WatchState } from '../../../src/cli/watch/watch-state.js';

const shown: ShownFrame = { clusters: 3, lines: 260, page: 10 };
const pressed = (keys: string, from: Partial<WatchState> = {}) =>
  keys
    .split(' ')
    .reduce((last, key) => afterKey(last.state, key, shown), { state: { ...initialWatchState, ...from } } as ReturnType<
      typeof afterKey
    >);

describe('keys of the watch screen', () => {
  it('go through the clusters in a ring', () => {
    expect(pressed('right right').state.selected).toBe(2);
    expect(pressed('tab tab tab').state.selected).toBe(0);
    expect(pressed('left').state.selected).toBe(2);
    expect(pressed('down down right').state).toMatchObject({ selected: 1, scroll: 0 });
  });

  it('scroll no further than the content', () => {
    expect(pressed('down down up').state.scroll).toBe(1);
    expect(pressed('up').state.scroll).toBe(0);
    expect(pressed('pagedown pagedown').state.scroll).toBe(20);
    expect(pressed('end').state.scroll).toBe(250);
    expect(pressed('end pagedown down').state.scroll).toBe(250);
    expect(pressed('end home').state.scroll).toBe(0);
  });

  it('switch to a list and back', () => {
    expect(pressed('w').state.view).toBe('windows');
    expect(pressed('w a').state.view).toBe('attention');
    expect(pressed('w w').state.view).toBe('map');
    expect(pressed('a escape').state.view).toBe('map');
  });

  it('pause and resume only after a confirmation', () => {
    expect(pressed('p')).toEqual({ state: { ...initialWatchState, confirming: 'pause' } });
    expect(pressed('p y')).toEqual({ state: initialWatchState, action: { kind: 'command', command: 'pause' } });
    expect(pressed('r y').action).toEqual({ kind: 'command', command: 'resume' });
    for (const no of ['n', 'escape', 'q', 'right', 'enter', 'p'])
      expect(pressed(`p ${no}`)).toEqual({ state: initialWatchState });
    expect(pressed('y').action).toBeUndefined();
  });

  it('quit with q and with ctrl+c, the latter also while a question is open', () => {
    expect(pressed('q').action).toEqual({ kind: 'quit' });
    expect(pressed('ctrl+c').action).toEqual({ kind: 'quit' });
    expect(pressed('p ctrl+c').action).toEqual({ kind: 'quit' });
  });

  it('without a meaning change nothing', () => {
    expect(pressed('x').state).toEqual(initialWatchState);
  });
});
