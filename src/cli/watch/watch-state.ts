/** What the operator has chosen on the screen; only keys change it. */
export interface WatchState {
  /** Index of the cluster shown. */
  readonly selected: number;
  readonly view: View;
  /** Lines of the view that are above its top. */
  readonly scroll: number;
  /** Customers with the worst days first, or in the run's order. */
  readonly worstFirst: boolean;
  /** The command that waits for confirmation. */
  readonly confirming?: WatchCommand;
}

export type View = 'map' | 'windows' | 'attention';
export type WatchCommand = 'pause' | 'resume';

/** What a key does beyond the screen itself. */
export type KeyAction = { readonly kind: 'quit' } | { readonly kind: 'command'; readonly command: WatchCommand };

/** What the latest frame showed, for keys that scroll or switch. */
export interface ShownFrame {
  readonly clusters: number;
  /** Lines that can scroll, and how many of them fit. */
  readonly lines: number;
  readonly page: number;
}

export const initialWatchState: WatchState = { selected: 0, view: 'map', scroll: 0, worstFirst: false };

/**
 * The state after a key, and what else the key does. Keys are named as in Node's `keypress` event, with a prefix `ctrl+` or
 * `shift+`; a key without a meaning changes nothing.
 *
 * While a command waits for confirmation, only `y` confirms it; `ctrl+c` still quits, and every other key dismisses it.
 */
export function afterKey(state: WatchState, key: string, shown: ShownFrame): { state: WatchState; action?: KeyAction } {
  if (key === 'ctrl+c') return { state, action: { kind: 'quit' } };
  const { confirming, ...rest } = state;
  if (confirming) {
    return key === 'y' ? { state: rest, action: { kind: 'command', command: confirming } } : { state: rest };
  }
  if (key === 'q') return { state, action: { kind: 'quit' } };
  return { state: MOVES[key]?.(state, shown) ?? state };
}

type Move = (state: WatchState, shown: ShownFrame) => WatchState;

const scroll =
  (toLine: (line: number, shown: ShownFrame) => number): Move =>
  (state, shown) => ({
    ...state,
    scroll: Math.max(0, Math.min(toLine(state.scroll, shown), shown.lines - shown.page)),
  });

const switchBy =
  (by: number): Move =>
  (state, { clusters }) => ({ ...state, selected: (state.selected + by + clusters) % clusters, scroll: 0 });

/** The same key leads back to the map. */
const show =
  (view: View): Move =>
  (state) => ({ ...state, view: state.view === view ? 'map' : view, scroll: 0 });

const MOVES: Readonly<Record<string, Move>> = {
  right: switchBy(1),
  tab: switchBy(1),
  left: switchBy(-1),
  'shift+tab': switchBy(-1),
  up: scroll((line) => line - 1),
  k: scroll((line) => line - 1),
  down: scroll((line) => line + 1),
  j: scroll((line) => line + 1),
  pageup: scroll((line, { page }) => line - page),
  pagedown: scroll((line, { page }) => line + page),
  space: scroll((line, { page }) => line + page),
  home: scroll(() => 0),
  end: scroll((_, { lines }) => lines),
  w: show('windows'),
  a: show('attention'),
  escape: show('map'),
  o: (state) => ({ ...state, worstFirst: !state.worstFirst, scroll: 0 }),
  p: (state) => ({ ...state, confirming: 'pause' }),
  r: (state) => ({ ...state, confirming: 'resume' }),
};
