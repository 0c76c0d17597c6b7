import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { render } from '../terminal/line.js';
import { ClusterWatch, type WatchedCluster } from './cluster-watch.js';
import { type Frame, watchFrame } from './frame.js';
import { type Display, FullScreen, type Keyboard } from './full-screen.js';
import { afterKey, initialWatchState, type WatchState } from './state.js';

export interface WatchOptions {
  readonly display: Display;
  readonly keyboard: Keyboard;
  readonly colour: boolean;
  /** Who pauses and resumes, for the run's log. */
  readonly by: string;
  /** Ends the watch, as `q` does. */
  readonly signal: AbortSignal;
}

/** Ages on the screen are in seconds. */
const TICK_MS = 1_000;
const MESSAGE_MS = 15_000;
/** How long a way that does not close is waited for. */
const CLOSING_MS = 2_000;

/** Shows the clusters until a person quits or the signal aborts; the terminal is then as it was. */
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
    const said = message && now - message.at < MESSAGE_MS ? message.text : undefined;
    const pictures = watches.map(({ picture }) => picture);
    frame = watchFrame(pictures, state, now, screen.size, said);
    const width = screen.size.columns;
    screen.draw(frame.lines.map((line) => render(line, { colour: options.colour, width })));
  };
  const say = (text: string) => {
    message = { text, at: Date.now() };
    draw();
  };
  const screen = new FullScreen(options.display, options.keyboard, draw);
  const onKey = (key: string) => {
    const shown = { clusters: clusters.length, lines: frame?.scrollable ?? 0, page: frame?.page ?? 1 };
    const { state: next, wish } = afterKey(state, key, shown);
    state = next;
    if (wish?.kind === 'quit') return ended.abort();
    if (wish?.kind === 'command') {
      const watch = watches[state.selected]!;
      say(`${watch.picture.cluster}: asking to ${wish.command} …`);
      void watch.command(wish.command, options.by, randomUUID()).then(async (answer) => {
        await watch.look(signal);
        say(answer);
      });
    }
    draw();
  };

  const followed = Promise.all(watches.map((watch) => watch.follow(draw, signal)));
  const ticking = setInterval(draw, TICK_MS);
  try {
    screen.start(onKey);
    draw();
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  } finally {
    clearInterval(ticking);
    screen.close();
    ended.abort();
  }
  const closed = followed.then(() => Promise.all(watches.map((watch) => watch.close())));
  await Promise.race([closed, sleep(CLOSING_MS)]);
}
