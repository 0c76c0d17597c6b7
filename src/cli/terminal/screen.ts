import { widthOf } from '../../presentation/lines/line.js';

/** The part of a terminal stream that a screen needs; `process.stdout` is one. */
export interface Terminal {
  write(text: string): unknown;
  readonly columns?: number;
  readonly rows?: number;
}

const ESC = '\u001b[';

/**
 * Lines that are redrawn in the same place, below what was written before. The cursor is hidden until `close()`.
 */
export class Screen {
  /** Widths of the lines on the screen, the first at the top. */
  private drawn: number[] = [];
  private hidden = false;

  constructor(private readonly terminal: Terminal) {
    this.restoreCursor = this.restoreCursor.bind(this);
  }

  /** Replaces what was drawn before. @param plain the same lines without colour codes */
  draw(lines: readonly string[], plain: readonly string[]): void {
    const start = this.start();
    if (!this.hidden) {
      this.hidden = true;
      // However this process ends, it must leave a terminal with a cursor.
      process.once('exit', this.restoreCursor);
    }
    // One write, so that the terminal never shows half of it; each line erases the rest of the previous line.
    this.terminal.write(`${ESC}?25l${start}${lines.map((line) => `${line}${ESC}K\n`).join('')}${ESC}J`);
    this.drawn = plain.map(widthOf);
  }

  /** Ends the drawing; the last one stays on the screen unless it is erased. */
  close({ erase = false } = {}): void {
    if (erase && this.drawn.length > 0) this.terminal.write(`${this.start()}${ESC}J`);
    this.drawn = [];
    this.restoreCursor();
  }

  /** Moves to the first column of the first line drawn. A terminal that became narrower has wrapped the lines. */
  private start(): string {
    const columns = this.terminal.columns ?? Number.POSITIVE_INFINITY;
    const height = this.drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    return height === 0 ? '' : `${ESC}${height}A\r`;
  }

  private restoreCursor(): void {
    if (!this.hidden) return;
    this.hidden = false;
    process.off('exit', this.restoreCursor);
    this.terminal.write(`${ESC}?25h`);
  }
}
