/** What the person at the screen has chosen; changes with keys alone. */
export interface WatchState {
  /** Index of the cluster shown. */
  readonly selected: number;
  readonly view: View;
  /** Lines of the view that are above its top. */
  readonly scroll: number;
  /** Customers with the worst days first; else in the run's order. */
  readonly worstFirst: boolean;
  /** The command that waits for a yes. */
  readonly asking?: AskedCommand;
}

export type View = 'map' | 'windows' | 'attention';
export type AskedCommand = 'pause' | 'resume';

/** What a key asks for beyond the screen itself. */
export type Wish = { readonly kind: 'quit' } | { readonly kind: 'command'; readonly command: AskedCommand };

/** What the latest frame showed, which keys move over. */
export interface Shown {
  readonly clusters: number;
  /** Lines that can scroll, and how many of them fit. */
  readonly lines: number;
  readonly page: number;
}

export const initialWatchState: WatchState = { selected: 0, view: 'map', scroll: 0, worstFirst: false };

/**
 * The state after a key, and what else the key asks for. Keys are named as Node's `keypress` names them, with `ctrl+` or
 * `shift+` before; a key without a meaning changes nothing.
 *
 * While a command waits for a yes, only `y` gives it; `ctrl+c` still quits, and every other key takes the question back.
 */
export function afterKey(state: WatchState, key: string, shown: Shown): { state: WatchState; wish?: Wish } {
  if (key === 'ctrl+c') return { state, wish: { kind: 'quit' } };
  const { asking, ...rest } = state;
  if (asking) return key === 'y' ? { state: rest, wish: { kind: 'command', command: asking } } : { state: rest };
  if (key === 'q') return { state, wish: { kind: 'quit' } };
  return { state: moved(state, key, shown) };
}

function moved(state: WatchState, key: string, { clusters, lines, page }: Shown): WatchState {
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
      return { ...state, asking: 'pause' };
    case 'r':
      return { ...state, asking: 'resume' };
    default:
      return state;
  }
}
