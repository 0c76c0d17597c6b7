import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { render } from '../../presentation/lines/line.js';
import { ClusterWatch, type WatchedCluster } from '../../watch/cluster-watch.js';
import { type Frame, watchFrame } from './frame.js';
import { type Display, FullScreen, type Keyboard } from './full-screen.js';
import { afterKey, initialWatchState, type WatchState } from './watch-state.js';

export interface WatchOptions {
  readonly display: Display;
  readonly keyboard: Keyboard;
  readonly colour: boolean;
  /** The operator's name, for the run's log. */
  readonly by: string;
  /** Ends the watch, as `q` does. */
  readonly signal: AbortSignal;
}

/** Ages on the screen are in seconds. */
const TICK_MS = 1_000;
const MESSAGE_MS = 15_000;
/** How long to wait for connections to close. */
const CLOSING_MS = 2_000;

/** Shows the clusters until the operator quits or the signal aborts, and then restores the terminal. */
export async function watchClusters(clusters: readonly WatchedCluster[], options: WatchOptions): Promise<void> {
  const ended = new AbortController();
  const signal = AbortSignal.any([options.signal, ended.signal]);
  const watches = clusters.map((cluster) => new ClusterWatch(cluster));
  let state: WatchState = initialWatchState;
  let frame: Frame | undefined;
  let message: { text: string; at: number } | undefined;

  const draw = () => {
    if (signal.aborted) return;
    const now = Date.now();
    const recent = message && now - message.at < MESSAGE_MS ? message.text : undefined;
    const pictures = watches.map(({ picture }) => picture);
    frame = watchFrame(pictures, state, now, screen.size, recent);
    const width = screen.size.columns;
    screen.draw(frame.lines.map((line) => render(line, { colour: options.colour, width })));
  };
  const showMessage = (text: string) => {
    message = { text, at: Date.now() };
    draw();
  };
  const screen = new FullScreen(options.display, options.keyboard, draw);
  const onKey = (key: string) => {
    const shown = { clusters: clusters.length, lines: frame?.scrollable ?? 0, page: frame?.page ?? 1 };
    const { state: next, action } = afterKey(state, key, shown);
    state = next;
    if (action?.kind === 'quit') return ended.abort();
    if (action?.kind === 'command') {
      const watch = watches[state.selected]!;
      showMessage(`${watch.picture.cluster}: sending ${action.command} …`);
      void watch.sendCommand(action.command, options.by, randomUUID()).then(async (answer) => {
        await watch.refresh(signal);
        showMessage(answer);
      });
    }
    draw();
  };

  const followed = Promise.all(watches.map((watch) => watch.follow(draw, signal)));
  const ticking = setInterval(draw, TICK_MS);
  try {
    screen.start(onKey);
    draw();
    if (!signal.aborted) await once(signal, 'abort');
  } finally {
    clearInterval(ticking);
    screen.close();
    ended.abort();
  }
  const closed = followed.then(() => Promise.all(watches.map((watch) => watch.close())));
  await Promise.race([closed, sleep(CLOSING_MS)]);
}
