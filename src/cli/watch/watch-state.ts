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
  return { state: moved(state, key, shown) };
}

function moved(state: WatchState, key: string, { clusters, lines, page }: ShownFrame): WatchState {
  const scrolledTo = (line: number): WatchState => ({
    ...state,
    scroll: Math.max(0, Math.min(line, lines - page)),
  });
  const switched = (by: number): WatchState => ({
    ...state,
    selected: (state.selected + by + clusters) % clusters,
    scroll: 0,
  });
  const viewed = (view: View): WatchState => ({ ...state, view: state.view === view ? 'map' : view, scroll: 0 });
  switch (key) {
    case 'right':
    case 'tab':
      return switched(1);
    case 'left':
    case 'shift+tab':
      return switched(-1);
    case 'up':
    case 'k':
      return scrolledTo(state.scroll - 1);
    case 'down':
    case 'j':
      return scrolledTo(state.scroll + 1);
    case 'pageup':
      return scrolledTo(state.scroll - page);
    case 'pagedown':
    case 'space':
      return scrolledTo(state.scroll + page);
    case 'home':
      return scrolledTo(0);
    case 'end':
      return scrolledTo(lines);
    case 'w':
      return viewed('windows');
    case 'a':
      return viewed('attention');
    case 'escape':
      return { ...state, view: 'map', scroll: 0 };
    case 'o':
      return { ...state, worstFirst: !state.worstFirst, scroll: 0 };
    case 'p':
      return { ...state, confirming: 'pause' };
    case 'r':
      return { ...state, confirming: 'resume' };
    default:
      return state;
  }
}
