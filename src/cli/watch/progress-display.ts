import { isClosed } from '../../backfill/views/status.js';
import { render } from '../../presentation/lines/line.js';
import type { RunView } from '../../presentation/status/figures.js';
import { type Output, wantsColour } from '../terminal/output.js';
import { Screen } from '../terminal/screen.js';
import { newsBetween, summaryLine } from './progress-log.js';
import { progressView } from './progress-view.js';

/** Shows the progress of runs, in the way that the stream allows. */
export interface ProgressDisplay {
  update(runs: readonly RunView[]): void;
  /** Ends it. What a terminal showed last stays, unless it is erased. */
  close(options?: { erase?: boolean }): void;
}

/** In place on a terminal; in a pipe or file a line from time to time, and for each thing that ends. */
export function createProgressDisplay(output: Output, environment: NodeJS.ProcessEnv = process.env): ProgressDisplay {
  return output.isTTY && environment.TERM !== 'dumb' ? liveDisplay(output, environment) : plainDisplay(output);
}

function liveDisplay(output: Output, environment: NodeJS.ProcessEnv): ProgressDisplay {
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

function plainDisplay(output: Output): ProgressDisplay {
  let before: readonly RunView[] = [];
  let summarisedAt = Date.now();
  return {
    update(runs) {
      const now = Date.now();
      for (const line of newsBetween(before, runs)) output.write(`${render(line, { colour: false })}\n`);
      before = runs;
      const open = runs.some(({ progress }) => !progress || !isClosed(progress));
      if (!open || now - summarisedAt < PLAIN_INTERVAL_MS) return;
      summarisedAt = now;
      output.write(`${summaryLine(runs, now)}\n`);
    },
    close({ erase = false } = {}) {
      // A report follows where a live view would make room for it.
      if (erase) output.write('\n');
    },
  };
}
