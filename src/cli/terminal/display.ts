import type { WriteStream } from 'node:tty';
import { newsBetween, summaryLine } from '../watch/progress-log.js';
import { progressView } from '../watch/progress-view.js';
import { isClosed, type RunView } from './figures.js';
import { type Line, render } from './line.js';
import { Screen } from './screen.js';

/** Shows progress of runs to a person, as well as the stream can. */
export interface Display {
  update(runs: readonly RunView[]): void;
  /** Ends it. What a terminal showed last stays, unless it is to be erased. */
  close(options?: { erase?: boolean }): void;
}

export type Output = Pick<WriteStream, 'write'> &
  Partial<Pick<WriteStream, 'isTTY' | 'columns' | 'rows' | 'on' | 'off'>>;

/** Colour is for terminals, and for people who have not asked for none (https://no-color.org). */
export function wantsColour(output: Output, environment: NodeJS.ProcessEnv): boolean {
  return output.isTTY === true && !environment.NO_COLOR && environment.TERM !== 'dumb';
}

/** In place on a terminal; a line now and then, and for each thing that ends, in a pipe or file. */
export function createDisplay(output: Output, environment: NodeJS.ProcessEnv = process.env): Display {
  return output.isTTY && environment.TERM !== 'dumb' ? liveDisplay(output, environment) : plainDisplay(output);
}

function liveDisplay(output: Output, environment: NodeJS.ProcessEnv): Display {
  const screen = new Screen(output);
  const colour = wantsColour(output, environment);
  let latest: readonly RunView[] | undefined;
  const draw = () => {
    if (!latest) return;
    const size = { columns: output.columns ?? 80, rows: output.rows ?? 24 };
    const lines = progressView(latest, Date.now(), size);
    const as = (inColour: boolean) => lines.map((line) => render(line, { colour: inColour, width: size.columns }));
    screen.draw(as(colour), as(false));
  };
  output.on?.('resize', draw);
  return {
    update(runs) {
      latest = runs;
      draw();
    },
    close(options) {
      output.off?.('resize', draw);
      screen.close(options);
    },
  };
}

const PLAIN_INTERVAL_MS = 10_000;

function plainDisplay(output: Output): Display {
  let before: readonly RunView[] = [];
  let said = Date.now();
  return {
    update(runs) {
      const now = Date.now();
      const news: Line[] = newsBetween(before, runs);
      for (const line of news) output.write(`${render(line, { colour: false })}\n`);
      before = runs;
      const open = runs.some(({ progress }) => !progress || !isClosed(progress));
      if (!open || now - said < PLAIN_INTERVAL_MS) return;
      said = now;
      output.write(`${summaryLine(runs, now)}\n`);
    },
    close({ erase = false } = {}) {
      // A report follows where a live view would make room for it.
      if (erase) output.write('\n');
    },
  };
}
